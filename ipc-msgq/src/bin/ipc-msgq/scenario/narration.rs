//! The wording of a worker's steps: in the kernel's terms.

use super::reply::CallResult;

/// The length up to which a text is shown whole.
const SHOWN: usize = 40;

/// Formats the calls that a step consists of.
pub fn describe(step: &str) -> String {
    let words: Vec<&str> = step.splitn(3, ' ').collect();
    match words[..] {
        ["send", kind, text] => format!("msgsnd(type {kind}, {})", quoted(text)),
        ["try-send", kind, text] => format!("msgsnd(type {kind}, {}, IPC_NOWAIT)", quoted(text)),
        ["recv", select, room] => format!("msgrcv({}, {room} bytes)", selected(select)),
        ["recv-cut", select, room] => format!("msgrcv({}, {room} bytes, MSG_NOERROR)", selected(select)),
        ["try-recv", select, room] => format!("msgrcv({}, {room} bytes, IPC_NOWAIT)", selected(select)),
        ["open", key] => format!("msgget({key})"),
        ["remove"] => "msgctl(IPC_RMID)".into(),
        ["drain", limit] => {
            format!("blocks all senders, and removes the queue if it is empty within {limit} ms")
        }
        ["handle-usr1"] => "sigaction(SIGUSR1, SA_RESTART)".into(),
        ["serve", clients] => format!("serves {clients} clients"),
        ["exchange", how, count] if how.starts_with("naive") => {
            format!("sends {count} messages, then receives {count}")
        }
        ["exchange", _, count] => format!("sends {count} messages and receives {count} at the same time"),
        _ => step.into(),
    }
}

/// Formats the result of a step. The meaning of a number depends on the step.
pub fn describe_result(step: &str, result: &CallResult) -> String {
    match (step.split(' ').next(), result) {
        (Some("open"), CallResult::Done(id)) => format!("id {id}"),
        (Some("drain"), CallResult::Done(0)) => "empty, so removed".into(),
        (Some("drain"), CallResult::Done(left)) => format!("{left} messages left, so reopened"),
        (Some("serve"), CallResult::Done(served)) => format!("{served} requests answered"),
        (Some("exchange"), CallResult::Done(received)) => format!("sent all, received {received}"),
        _ => result.to_string(),
    }
}

/// Formats a text, or its length.
pub fn quoted(text: &str) -> String {
    if text.len() <= SHOWN { format!("\"{text}\"") } else { format!("{} bytes", text.len()) }
}

fn selected(select: &str) -> String {
    match (select.strip_prefix("<="), select.strip_prefix('!')) {
        _ if select == "any" => "any type".into(),
        (Some(kind), _) => format!("up to type {kind}"),
        (_, Some(kind)) => format!("any type but {kind}"),
        _ => format!("type {select}"),
    }
}
