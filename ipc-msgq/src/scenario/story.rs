//! An order to an actor, as the story tells it: in the kernel's words.

/// How long a text may be to be shown whole.
const SHOWN: usize = 40;

/// The calls that an order stands for.
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
        ["drain", limit] => format!("lets nobody send, waits up to {limit} ms until it is empty, removes it"),
        ["handle-usr1"] => "sigaction(SIGUSR1, SA_RESTART)".into(),
        ["serve", clients] => format!("serves {clients} clients"),
        ["exchange", how, count] if how.starts_with("naive") => {
            format!("sends {count}, and then receives {count}")
        }
        ["exchange", _, count] => format!("sends {count}, and receives {count} meanwhile"),
        _ => order.into(),
    }
}

/// A text, or how long it is.
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
