//! The configuration of a server.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::Certificate;

/// What a test may want otherwise than by default.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The address to listen on; 127.0.0.1 by default.
    pub listen: Option<IpAddr>,
    /// The only user, and the password; by default there are none.
    pub user: Option<(String, String)>,
    /// What it proves its identity by, over TLS; by default it does not use TLS.
    pub certificate: Option<Certificate>,
    /// True for a server without JetStream.
    pub without_jetstream: bool,
    /// The time between two pings of a client; one that does not answer two of them is cut off. 2 minutes by default.
    pub ping_interval: Option<Duration>,
}

impl Config {
    /// Returns the text of the configuration file; port 0 is one that the server chooses.
    pub(crate) fn text(&self, folder: &Path, address: IpAddr, port: u16) -> String {
        let listen = if port == 0 { "-1".to_owned() } else { port.to_string() };
        let folder = folder.display();
        let mut text = format!("host: \"{address}\"\nport: {listen}\nports_file_dir: \"{folder}\"\n");
        if !self.without_jetstream {
            let _ = writeln!(text, "jetstream {{ store_dir: \"{folder}\" }}");
        }
        if let Some(interval) = self.ping_interval {
            let _ = writeln!(text, "ping_interval: \"{}ms\"", interval.as_millis());
        }
        if let Some((name, password)) = &self.user {
            let _ = writeln!(text, "authorization {{ user: \"{name}\", password: \"{password}\" }}");
        }
        if let Some(Certificate { certificate, key }) = &self.certificate {
            let (certificate, key) = (certificate.display(), key.display());
            let _ = writeln!(text, "tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}");
        }
        text
    }
}
