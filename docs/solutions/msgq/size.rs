//! # The size without the type: solved

#[path = "../../exercises/msgq/sys.rs"]
mod sys;
/// What lies in this program's memory: a letter, and right behind it something private.
#[repr(C)]
struct Desk {
    mtype: libc::c_long,
    text: [u8; 16],
    secret: [u8; 8],
}

fn main() -> std::io::Result<()> {
    // Into a queue of another process: so its judge receives what you send.
    if let Some(id) = std::env::args().nth(1) {
        send(id.parse().expect("the id of a queue"));
        return Ok(());
    }
    let queue = sys::Queue::new()?;
    send(queue.0);
    let (_, text) = sys::msgrcv(queue.0, 1, 0)?;
    println!("received {} bytes: {text}", text.len());
    Ok(())
}

fn send(queue: i32) {
    let desk = Desk { mtype: 1, text: *b"see you at eight", secret: *b"pin 1234" };

    // The size is that of the text. The kernel knows by itself that a type stands in front of it.
    let size = size_of_val(&desk.text);
    // SAFETY: the kernel reads the type and `size` bytes behind it; all of them lie in `desk`.
    let sent = unsafe { libc::msgsnd(queue, (&raw const desk).cast(), size, 0) };
    assert!(sent == 0, "msgsnd: {}", std::io::Error::last_os_error());
    assert_eq!(&desk.secret[..3], b"pin");
}
