//! The smallest socket: one process listens at an address, another one connects to it. The system calls: `socket`,
//! `bind`, `listen`, `accept`, `connect`, `sendto`, `recvfrom`.

use std::env;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(address) = env::args().nth(1) {
        // The other process: it could be on another host.
        TcpStream::connect(address)?.write_all(b"hello from the client")?;
        return Ok(());
    }
    let listener = TcpListener::bind("127.0.0.1:0")?; // port 0: the kernel chooses a free one
    let address = listener.local_addr()?.to_string();
    let mut client = Command::new(env::current_exe()?).arg(address).spawn()?;
    let (mut connection, _) = listener.accept()?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?; // until the client closes its side
    println!("the server read: {text}");
    client.wait()?;
    Ok(())
}
