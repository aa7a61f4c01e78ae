//! TCP.

use ipc_core::{Call as _, Result};
use tokio::net::{TcpListener, TcpStream};

use super::medium::Part;
use super::stream::{Stream, receive_all};
use super::window::{Sent, runtime, send_all};
use crate::Tally;
use crate::helper::answer;

/// Sends to the receiver at `address`.
pub(super) fn send(part: &Part, address: &str) -> Result<Sent> {
    runtime()?.block_on(async {
        let connection = TcpStream::connect(address).await.call("connect")?;
        connection.set_nodelay(true).call("setsockopt")?; // what is written leaves at once
        let (reader, writer) = connection.into_split();
        let mut stream = Stream::new(reader, writer);
        let sent = send_all(&mut stream, part).await?;
        stream.end().await?;
        Ok(sent)
    })
}

/// Receives from one sender; answers the address first.
pub(super) fn receive(part: &Part) -> Result<Tally> {
    runtime()?.block_on(async {
        let listener = TcpListener::bind((part.host, 0)).await.call("bind")?;
        answer(Ok(listener.local_addr().call("getsockname")?.to_string()))?;
        let (connection, _) = listener.accept().await.call("accept")?;
        connection.set_nodelay(true).call("setsockopt")?;
        let (mut reader, mut writer) = connection.into_split();
        receive_all(&mut reader, &mut writer, part.size).await
    })
}
