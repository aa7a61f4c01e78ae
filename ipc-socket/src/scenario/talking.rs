//! What goes through a socket: bytes, packets, and open files.

use ipc_demo::system_call::Inode;

use super::Scenario;
use super::meeting::join;
use super::step::{
    Kind, close, create, lseek, open, read, receive_descriptor, recv, send, send_descriptor, unlink, write,
};

pub const BOUNDARIES: Scenario = Scenario {
    name: "boundaries",
    claim: "A stream carries bytes, and sequenced packets carry messages: one recv returns two sends of a stream, but one \
            packet.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        join(context, &mut sender, &mut receiver, Kind::Stream, "stream")?;
        join(context, &mut sender, &mut receiver, Kind::Seqpacket, "packets")?;
        context.note("two connections: a SOCK_STREAM (\"stream\") and a SOCK_SEQPACKET (\"packets\")")?;
        for connection in ["stream", "packets"] {
            sender.run(send(connection, "one"))?;
            sender.run(send(connection, "two"))?;
        }
        context.question(
            "\"one\" and \"two\" were sent over both. What does a recv of up to 100 bytes return?",
            &[
                "\"one\" from both",
                "\"onetwo\" from both",
                "\"onetwo\" from the stream, \"one\" from the packets",
            ],
            2,
        )?;
        let reply = receiver.run(recv("stream", 100))?;
        context.check(reply.text() == Some("onetwo"), "the stream returns both, as if they had been one")?;
        let reply = receiver.run(recv("packets", 100))?;
        context.check(reply.text() == Some("one"), "of the packets, one recv returns one")?;
        let reply = receiver.run(recv("packets", 100))?;
        context.check(reply.text() == Some("two"), "and the next recv the other")?;
        for connection in ["stream", "packets"] {
            sender.run(send(connection, "threefour"))?;
        }
        let replies = [receiver.run(recv("stream", 5))?, receiver.run(recv("stream", 100).dontwait())?];
        let parts = replies.each_ref().map(|reply| reply.text());
        context.check(parts == [Some("three"), Some("four")], "a stream keeps the rest of a short recv")?;
        let replies = [receiver.run(recv("packets", 5))?, receiver.run(recv("packets", 100).dontwait())?];
        context.check(
            replies[0].text() == Some("three") && replies[1].errno() == Some("EAGAIN"),
            "the rest of a packet that is too long for the buffer is lost",
        )
    },
};

pub const PASS_A_DESCRIPTOR: Scenario = Scenario {
    name: "pass-a-descriptor",
    claim: "SCM_RIGHTS gives another process a descriptor of the same open file, with the same offset, even if no path leads to \
            it.",
    run: |context| {
        let (mut giver, mut receiver) = (context.process("giver", ())?, context.process("receiver", ())?);
        join(context, &mut giver, &mut receiver, Kind::Stream, "connection")?;
        context.note("the two are connected by a Unix stream socket")?;
        let path = context.object().path("letter");
        let given = giver.run(create("letter", &path))?;
        giver.run(write("letter", "for you, only"))?;
        giver.run(unlink(&path))?;
        let reply = receiver.run(open("letter", &path))?;
        context.check(reply.errno() == Some("ENOENT"), "no path leads to the file any more")?;
        receiver.start(receive_descriptor("connection", "gift"))?;
        receiver.wait_until_asleep(1)?;
        giver.run(send_descriptor("connection", "letter"))?;
        let received = receiver.finish()?;
        let inodes = [(giver.pid(), given.number()), (receiver.pid(), received.number())]
            .map(|(pid, number)| Inode::of_process(pid, number.unwrap_or(-1) as i32));
        context.check(
            inodes[0].is_some() && inodes[0] == inodes[1],
            "the descriptors of the two lead to one file",
        )?;
        giver.run(lseek("letter", 9))?;
        giver.run(close("letter"))?;
        giver.exit()?;
        context.question(
            "The giver has set the offset of its descriptor to 9, and has ended. What does the receiver read?",
            &["\"for you, only\": its own descriptor starts at 0", "\"only\"", "Nothing: read fails with EBADF"],
            1,
        )?;
        let reply = receiver.run(read("gift", 100))?;
        context.check(
            reply.text() == Some("only"),
            "the open file lives on with its second descriptor, and both have one offset",
        )
    },
};
