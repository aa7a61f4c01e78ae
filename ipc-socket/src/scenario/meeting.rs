//! How two processes meet: a path, a queue of connections, and what is left of a listener.

use ipc_demo::scenario::{Failure, Reply, ScenarioResult};

use super::step::{Address, Kind, Step, accept, bind, connect, listen, recv, send, socket, unlink};
use super::{Context, Process, Scenario};

/// Connects the client to the server, as two processes always do: `socket`, `bind`, `listen`; `socket`, `connect`;
/// `accept`. Both call the connection by the same name.
pub fn join(
    context: &Context,
    client: &mut Process,
    server: &mut Process,
    kind: Kind,
    connection: &str,
) -> ScenarioResult {
    let any = match kind {
        Kind::Tcp => Address::Port(0),
        Kind::Stream | Kind::Seqpacket => Address::Path(context.object().path(connection)),
    };
    let listener = format!("listener of the {connection}");
    silently(server, socket(&listener, kind))?;
    let bound = silently(server, bind(&listener, &any))?;
    silently(server, listen(&listener, 8))?;
    let address = match any {
        Address::Port(_) => Address::Port(bound.number().and_then(|port| port.try_into().ok()).unwrap_or(0)),
        path @ Address::Path(_) => path,
    };
    silently(client, socket(connection, kind))?;
    silently(client, connect(connection, &address))?;
    silently(server, accept(&listener, connection))?;
    if let Address::Path(path) = address {
        silently(server, unlink(&path))?; // the connection needs it no more
    }
    Ok(())
}

fn silently(process: &mut Process, step: Step) -> Result<Reply, Failure> {
    let what = format!("{step:?}");
    let reply = process.run_silently(step)?;
    match reply.errno() {
        None => Ok(reply),
        Some(errno) => Err(Failure::ClaimFailed(format!("{what}: {errno}"))),
    }
}

pub const BACKLOG: Scenario = Scenario {
    name: "backlog",
    claim: "connect does not wait for accept: the kernel keeps connections in a queue, and connect sleeps when that is \
            full.",
    run: |context| {
        let door = Address::Path(context.object().path("door"));
        let mut server = context.process("server", ())?;
        let (mut first, mut second) = (context.process("first", ())?, context.process("second", ())?);
        server.run(socket("listener", Kind::Stream))?;
        server.run(bind("listener", &door))?;
        server.run(listen("listener", 0))?;
        server.note("a backlog of 0 is the shortest queue: it holds one connection")?;
        first.run(socket("connection", Kind::Stream))?;
        let connected = first.run(connect("connection", &door))?.is_ok();
        let sent = first.run(send("connection", "hello"))?.is_ok();
        context.check(connected && sent, "the first is connected, and has sent, without any accept")?;
        second.run(socket("connection", Kind::Stream))?;
        context.question(
            "The queue is full. What does the connect of the second do?",
            &["It fails with ECONNREFUSED", "It sleeps", "It returns 0: the queue grows"],
            1,
        )?;
        second.start(connect("connection", &door))?;
        second.wait_until_asleep(1)?;
        context.pause()?;
        context.check(second.is_asleep(1)?, "it waits until there is room in the queue")?;
        server.run(accept("listener", "first client"))?;
        let reply = second.finish()?;
        context.check(reply.is_ok(), "accept took the first one out, which made room")?;
        let reply = server.run(recv("first client", 100))?;
        context.check(reply.text() == Some("hello"), "what was sent before accept was waiting there")
    },
};

pub const STALE_PATH: Scenario = Scenario {
    name: "stale-path",
    claim: "The path of a socket outlives its server: connect is refused, and bind fails until the path is removed.",
    run: |context| {
        let path = context.object().path("door");
        let door = Address::Path(path.clone());
        let mut server = context.process("server", ())?;
        let (mut client, mut heir) = (context.process("client", ())?, context.process("heir", ())?);
        server.run(socket("listener", Kind::Stream))?;
        server.run(bind("listener", &door))?;
        server.run(listen("listener", 8))?;
        server.kill()?;
        context.check(path.exists(), "the server is dead, and its path is still there")?;
        client.run(socket("connection", Kind::Stream))?;
        let reply = client.run(connect("connection", &door))?;
        context.check(reply.errno() == Some("ECONNREFUSED"), "no socket listens behind it")?;
        heir.run(socket("listener", Kind::Stream))?;
        context.question(
            "Another server binds its socket to the path. What does bind return?",
            &[
                "0: no process listens there",
                "It fails with EADDRINUSE",
                "It sleeps until the path is removed",
            ],
            1,
        )?;
        let reply = heir.run(bind("listener", &door))?;
        context.check(reply.errno() == Some("EADDRINUSE"), "bind makes a new name, and that name exists")?;
        heir.run(unlink(&path))?;
        let bound = heir.run(bind("listener", &door))?.is_ok();
        let listens = heir.run(listen("listener", 8))?.is_ok();
        context.check(bound && listens, "without the old path, the new server can have it")?;
        let reply = client.run(connect("connection", &door))?;
        context.check(reply.is_ok(), "and the client, which tries again, finds the new server")
    },
};
