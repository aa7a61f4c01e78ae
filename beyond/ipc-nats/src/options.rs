//! Which server to use, and how to prove to it that one may.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use async_nats::ConnectOptions;
use ipc_core::{Advise as _, Call as _, Error, Result};
use serde::{Deserialize, Serialize};

/// The server that is used unless another is named: one on this host.
pub const DEFAULT_URL: &str = "nats://127.0.0.1:4222";

/// The environment variables that name the server to a child process.
const VARIABLES: [&str; 3] = [ServerOptions::VARIABLE, "IPC_NATS_CREDENTIALS", "IPC_NATS_CA"];

/// What this process has chosen; see [`ServerOptions::choose`].
static CHOSEN: OnceLock<ServerOptions> = OnceLock::new();

/// Which server to use, and how to prove to it that one may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOptions {
    /// Its address: `nats://HOST:PORT`, or `tls://HOST:PORT`.
    pub url: String,
    /// The file with the credentials: a NATS credentials file (`.creds`), or two lines, the user and the password. Only
    /// its owner may read it.
    pub credentials: Option<PathBuf>,
    /// The file with the certificate of the authority that vouches for the server; without it, those of the system do.
    pub ca: Option<PathBuf>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { url: DEFAULT_URL.into(), credentials: None, ca: None }
    }
}

impl ServerOptions {
    /// The environment variable with the address.
    pub const VARIABLE: &str = "IPC_NATS_SERVER";

    /// Returns the options with this URL and nothing else.
    #[must_use]
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Returns what this process has chosen, or its parent, through the environment; otherwise the default.
    #[must_use]
    pub fn current() -> Self {
        CHOSEN.get().cloned().unwrap_or_else(|| {
            let [url, credentials, ca] = VARIABLES.map(std::env::var_os);
            Self {
                url: url.and_then(|url| url.into_string().ok()).unwrap_or_else(|| DEFAULT_URL.into()),
                credentials: credentials.map(Into::into),
                ca: ca.map(Into::into),
            }
        })
    }

    /// Makes these the options of this process, for all that follows. Only the first call has an effect.
    pub fn choose(self) {
        let _ = CHOSEN.set(self);
    }

    /// Returns the environment by which a child process uses the same options.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |path: &PathBuf| path.display().to_string();
        let values =
            [Some(self.url.clone()), self.credentials.as_ref().map(path), self.ca.as_ref().map(path)];
        let pairs = VARIABLES.into_iter().zip(values);
        pairs.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Checks the address: its form, and that it holds no password, which every user of the host could read in the list
    /// of processes.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): it is no such address.
    pub fn check(&self) -> Result<()> {
        let url = &self.url;
        let rest = ["nats://", "tls://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let invalid =
            || Error::Usage(format!("invalid server '{url}': expected nats://HOST:PORT or tls://HOST:PORT"));
        let rest = rest.ok_or_else(invalid)?;
        if rest.contains('@') {
            return Err(Error::Usage(
                "a password in the address can be read by every user of this host: put user and password into a file, one \
                 a line, and name it with --credentials"
                    .into(),
            ));
        }
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "4222"));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.[]:".contains(c);
        if host.is_empty() || !host.chars().all(is_name) || port.parse::<u16>().is_err() {
            return Err(invalid());
        }
        Ok(())
    }

    /// Returns the options as the client understands them.
    pub(crate) fn for_client(&self) -> Result<ConnectOptions> {
        let mut options = ConnectOptions::new();
        if let Some(file) = &self.ca {
            fs::metadata(file).call("stat").on(file.display())?;
            options = options.add_root_certificates(file.clone());
        }
        if self.url.starts_with("tls://") || self.ca.is_some() {
            options = options.require_tls(true);
        }
        match &self.credentials {
            Some(file) => log_in(options, file),
            None => Ok(options),
        }
    }
}

/// Adds what the file of credentials holds.
fn log_in(options: ConnectOptions, file: &Path) -> Result<ConnectOptions> {
    let shown = file.display();
    let mode = fs::metadata(file).call("stat").on(&shown)?.mode();
    if mode & 0o077 != 0 {
        return Err(Error::Refused(format!(
            "other users can read the credentials in {shown} (mode {:04o}): chmod 600 {shown}",
            mode & 0o7777
        )));
    }
    let text = fs::read_to_string(file).call("open").on(&shown)?;
    if text.contains("-----BEGIN NATS USER JWT-----") {
        return options
            .credentials(&text)
            .map_err(|error| Error::Usage(format!("{shown}: no NATS credentials: {error}")));
    }
    match text.lines().collect::<Vec<_>>()[..] {
        [user, password] if !user.is_empty() => Ok(options.user_and_password(user.into(), password.into())),
        _ => Err(Error::Usage(format!(
            "{shown}: expected a NATS credentials file, or two lines, the user and the password"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked() {
        for good in ["nats://127.0.0.1:4222", "nats://host", "tls://a.b-c:1", "nats://[::1]:4222"] {
            ServerOptions::of(good).check().unwrap();
        }
        for bad in [
            "",
            "host:1",
            "http://host:1",
            "nats://",
            "nats://:1",
            "nats://host:x",
            "nats://host:70000",
            "nats://a b:1",
        ] {
            let error = ServerOptions::of(bad).check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid server '{bad}': ")), "{error}");
        }
        let error = ServerOptions::of("nats://me:secret@host:1").check().unwrap_err().to_string();
        assert!(error.contains("--credentials") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_child_uses_the_same() {
        let options = ServerOptions { ca: Some("/ca.pem".into()), ..ServerOptions::of("tls://host:1") };
        let expected = [("IPC_NATS_SERVER", "tls://host:1".into()), ("IPC_NATS_CA", "/ca.pem".into())];
        assert_eq!(options.environment(), expected);
    }
}
