//! The wording of an actor's order in the story: in the kernel's terms.

use super::reply::What;

/// The length up to which a text is shown whole.
const SHOWN: usize = 40;

/// Formats the calls that an order stands for.
pub fn told(order: &str) -> String {
    let words: Vec<&str> = order.splitn(3, ' ').collect();
    match words[..] {
        ["send", kind, text] => format!("msgsnd(type {kind}, {})", quoted(text)),
        ["try-send", kind, text] => format!("msgsnd(type {kind}, {}, IPC_NOWAIT)", quoted(text)),
        ["recv", select, room] => format!("msgrcv({}, {room} bytes)", selected(select)),
        ["recv-cut", select, room] => format!("msgrcv({}, {room} bytes, MSG_NOERROR)", selected(select)),
        ["try-recv", select, room] => format!("msgrcv({}, {room} bytes, IPC_NOWAIT)", selected(select)),
        ["open", key] => format!("msgget({key})"),
        ["remove"] => "msgctl(IPC_RMID)".into(),
        ["drain", limit] => format!("lets nobody send, and removes it if it is empty within {limit} ms"),
        ["handle-usr1"] => "sigaction(SIGUSR1, SA_RESTART)".into(),
        ["serve", clients] => format!("serves {clients} clients"),
        ["exchange", how, count] if how.starts_with("naive") => {
            format!("sends {count}, and then receives {count}")
        }
        ["exchange", _, count] => format!("sends {count}, and receives {count} meanwhile"),
        _ => order.into(),
    }
}

/// Formats the result of an order. The meaning of a number depends on the order.
pub fn outcome(order: &str, what: &What) -> String {
    match (order.split(' ').next(), what) {
        (Some("open"), What::Done(id)) => format!("id {id}"),
        (Some("drain"), What::Done(0)) => "it is empty: removed".into(),
        (Some("drain"), What::Done(left)) => format!("{left} messages are left: opened again"),
        (Some("serve"), What::Done(served)) => format!("{served} questions answered"),
        (Some("exchange"), What::Done(received)) => format!("has sent all, and received {received}"),
        _ => what.to_string(),
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
