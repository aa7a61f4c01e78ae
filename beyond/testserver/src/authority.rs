//! A certificate authority, as small as one can be: it signs the certificates of servers, and clients trust it.
//!
//! A certificate that a server signs itself is no substitute: a client that checks (rustls does) refuses an authority in
//! the place of a server.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// A certificate authority, whose files are gone when it is dropped.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// What a server proves its identity by.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The file with the certificate.
    pub certificate: PathBuf,
    /// The file with the private key, which only its owner may read.
    pub key: PathBuf,
}

impl Authority {
    /// Makes an authority that no client knows yet.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut params = params(&[])?;
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)); // signs servers, no further authorities
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let own = params.self_signed(&key).map_err(io::Error::other)?;
        write(&folder.path().join("ca.pem"), &own.pem())?;
        Ok(Self { folder, issuer: Issuer::new(params, key) })
    }

    /// The file with the authority's own certificate, which a client has to trust.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Signs a certificate for the server with these names or addresses.
    ///
    /// # Errors
    /// A name cannot be one of a server; a file cannot be written.
    pub fn certificate(&self, names: &[&str]) -> io::Result<Certificate> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let signed = params(names)?.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let name = names.first().copied().unwrap_or("nobody");
        let path = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        let files = Certificate { certificate: path("pem"), key: path("key") };
        write(&files.certificate, &signed.pem())?;
        write(&files.key, &key.serialize_pem())?;
        Ok(files)
    }
}

fn params(names: &[&str]) -> io::Result<CertificateParams> {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).map_err(io::Error::other)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
