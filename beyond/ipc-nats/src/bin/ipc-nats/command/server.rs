//! The options that name the server, the same for all commands.

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, value_parser};
use ipc_core::Result;
use ipc_nats::{DEFAULT_URL, ServerOptions};

pub fn args() -> [Arg; 3] {
    let option = |name: &'static str, value: &'static str, help: &'static str, parser: ValueParser| {
        Arg::new(name).long(name).value_name(value).help(help).value_parser(parser).help_heading("Server")
    };
    [
        option("server", "URL", "The NATS server", ValueParser::string()).long_help(format!(
            "The NATS server: nats://HOST:PORT, or tls://HOST:PORT. The default is {DEFAULT_URL}, or the environment \
             variable {}.",
            ServerOptions::VARIABLE
        )),
        option("credentials", "FILE", "Who this is", value_parser!(PathBuf)).long_help(
            "The file that tells who this is: a NATS credentials file, or two lines, the user and the password. No other \
             user may read it (chmod 600).",
        ),
        option("ca", "FILE", "Certificate of the authority to trust", value_parser!(PathBuf)).long_help(
            "The file with the certificate of the authority that vouches for the server, which implies TLS. The default \
             are the authorities of the system.",
        ),
    ]
}

/// Makes the server that was named that of the whole process.
pub fn choose(matches: &ArgMatches) -> Result<()> {
    let (_, matches) = matches.subcommand().unwrap_or(("", matches));
    let current = ServerOptions::current();
    let path = |name| matches.get_one::<PathBuf>(name).cloned();
    let chosen = ServerOptions {
        url: matches.get_one("server").cloned().unwrap_or(current.url),
        credentials: path("credentials").or(current.credentials),
        ca: path("ca").or(current.ca),
    };
    chosen.check()?;
    chosen.choose();
    Ok(())
}
