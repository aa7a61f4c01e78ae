//! QUIC: one stream of a connection, encrypted, with the certificate of a small authority.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use ipc_core::{Call as _, Error, Result};
use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::pem::PemObject as _;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use quinn::{ClientConfig, Endpoint, ServerConfig};

use super::medium::Part;
use super::stream::{Stream, receive_all};
use super::window::{Sent, runtime, send_all};
use crate::Tally;
use crate::helper::answer;

fn refused(error: impl Display) -> Error {
    Error::Refused(format!("QUIC: {error}"))
}

/// Sends to the receiver at `address`.
pub(super) fn send(part: &Part, address: &str) -> Result<Sent> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(&part.authority).map_err(refused)?;
    roots.add(authority).map_err(refused)?;
    let config = ClientConfig::with_root_certificates(Arc::new(roots)).map_err(refused)?;
    let address: SocketAddr = address.parse().map_err(refused)?;
    runtime()?.block_on(async {
        let mut endpoint = Endpoint::client((part.host, 0).into()).call("bind")?;
        endpoint.set_default_client_config(config);
        let name = address.ip().to_string();
        let connection = endpoint.connect(address, &name).map_err(refused)?.await.map_err(refused)?;
        let (writer, reader) = connection.open_bi().await.map_err(refused)?;
        let mut stream = Stream::new(reader, writer);
        let sent = send_all(&mut stream, part).await?;
        stream.end().await?;
        connection.close(0_u32.into(), b"done");
        endpoint.wait_idle().await; // the receiver waits for the close
        Ok(sent)
    })
}

/// Receives from one sender; answers the address first.
pub(super) fn receive(part: &Part) -> Result<Tally> {
    let certificate = CertificateDer::from_pem_file(&part.certificate).map_err(refused)?;
    let key = PrivateKeyDer::from_pem_file(&part.key).map_err(refused)?;
    let config = ServerConfig::with_single_cert(vec![certificate], key).map_err(refused)?;
    runtime()?.block_on(async {
        let endpoint = Endpoint::server(config, (part.host, 0).into()).call("bind")?;
        answer(Ok(endpoint.local_addr().call("getsockname")?.to_string()))?;
        let connection = endpoint.accept().await.ok_or(Error::Disconnected)?.await.map_err(refused)?;
        let (mut writer, mut reader) = connection.accept_bi().await.map_err(refused)?;
        let tally = receive_all(&mut reader, &mut writer, part.size).await?;
        connection.closed().await; // dropping the connection would take back the end of the stream
        Ok(tally)
    })
}
