//! The course's table as data: a mechanism's row, and the facts about each of its variants.

use std::fmt;

/// A mechanism's row of the course's table. Each cell is proven by a test in that crate's `tests/behaviour/table.rs`.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Short name: of the demo (`ipc-NAME`), on command lines and in results.
    pub name: &'static str,
    /// Full name, as in the table.
    pub title: &'static str,
    /// The processes that can communicate through it.
    pub between: Between,
    /// The place where data is held on its way.
    pub medium: Medium,
    /// The unit that one read returns.
    pub unit: Unit,
    /// The number of directions that one object carries.
    pub direction: Direction,
    /// The distance it covers.
    pub reach: Reach,
    /// The form of a meeting point's address, for a usage line: `PATH`, `KEY`, `HOST:PORT`; `None` where two processes
    /// that were started separately cannot meet.
    pub address: Option<&'static str>,
}

/// One way to build a mechanism. The [`Profile`] holds the facts common to all variants, this type those of one
/// variant. Tests prove them, as they do the cells of the table.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The name on the command line and in results.
    pub name: &'static str,
    /// The path of the type that is this variant, as a program names it: `ipc_pipe::Pipe`.
    pub type_path: &'static str,
    /// A description, in half a line.
    pub summary: &'static str,
    /// The unit that one read returns.
    pub unit: Unit,
    /// The limits of the system that its longest message depends on, as `sysctl` names them, each with the longest message
    /// to which raising it leads; empty where its own memory decides.
    pub limits: &'static [(&'static str, usize)],
    /// The distance it covers.
    pub reach: Reach,
    /// The lifetime of unread data.
    pub persistence: Persistence,
    /// True if something with a name (a path, a key, an id) stays behind when its users die and no process removes it.
    pub remains: bool,
    /// The number of clients that can talk to one server through the objects it has created.
    pub clients: Clients,
    /// The crate's own server of many clients; `None` where a program has to write one.
    pub server: Option<Server>,
    /// The lines of Rust that put data where it outlives both processes, and take it out later, for a function that
    /// returns [`Result`](crate::Result); `None` where the crate's types do not do that by themselves.
    pub lasting: Option<&'static str>,
    /// The resources that both sides must share, as two containers may or may not.
    pub shares: &'static [Shared],
}

impl Variant {
    /// Returns the end of a text on a message of `len` bytes, which is too large: how to raise the [limits](Self::limits).
    #[must_use]
    pub fn how_to_raise_limits(&self, len: usize) -> String {
        let of_use = self.limits.iter().filter(|(_, longest)| len <= *longest);
        let settings: Vec<_> = of_use.map(|(limit, _)| format!("{limit}=N")).collect();
        if settings.is_empty() {
            return String::new();
        }
        format!("; to raise that: sudo sysctl {}", settings.join(" "))
    }
}

/// A server of many clients that a crate provides.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// The path of its type.
    pub type_path: &'static str,
    /// The lines of Rust that start it and that send it a request, for a function that returns [`Result`](crate::Result).
    pub lines: &'static str,
}

/// Declares the values of one column of the table, with the words that show them.
macro_rules! column {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $words:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$value_doc])* $value),+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$value => $words),+ })
            }
        }
    };
}

column!(
    /// The processes that can communicate.
    Between {
        /// Relatives: a descriptor has to be inherited.
        ParentAndChild = "parent and child",
        /// Any process that knows the name and has permission.
        AnyTwoProcesses = "any two processes",
        /// Processes on any hosts with a network between them.
        AnyTwoHosts = "any two hosts",
    }
);

column!(
    /// The place where data is held on its way.
    Medium {
        /// A file descriptor over a kernel buffer.
        File = "file",
        /// Kernel or shared memory without a file.
        Memory = "memory",
        /// The page cache of a file.
        FileAndMemory = "file + memory",
        /// The send and receive buffers of two sockets.
        Socket = "socket",
    }
);

column!(
    /// The unit that one read returns.
    Unit {
        /// Bytes without boundaries.
        ByteStream = "byte stream",
        /// One message, whole.
        WholeStruct = "struct (whole message)",
        /// Memory, seen as a struct.
        Struct = "struct",
        /// Memory in pages of a file.
        Page = "page",
    }
);

column!(
    /// The number of directions that one object carries.
    Direction {
        /// Two-way communication takes two of them.
        OneWay = "one-way",
        /// One object carries both directions.
        TwoWay = "two-way",
    }
);

column!(
    /// The distance it covers.
    Reach {
        /// Both processes run on one kernel.
        SameHost = "same host",
        /// Across a network as well.
        SameHostAndBeyond = "same host and beyond",
    }
);

column!(
    /// The lifetime of unread data.
    Persistence {
        /// Until the last process that has it open ends.
        Process = "the processes",
        /// Until it is removed or the machine restarts, even with no process.
        Kernel = "the kernel",
        /// On a disk, across restarts.
        FileSystem = "a disk",
    }
);

column!(
    /// The resources that two processes of one host may or may not share: see
    /// [namespaces(7)](https://man7.org/linux/man-pages/man7/namespaces.7.html).
    Shared {
        /// Pids mean the same to both processes, and `/proc` shows each to the other.
        PidNamespace = "a pid namespace",
        /// System V objects, and POSIX queues.
        IpcNamespace = "an IPC namespace",
        /// The file system of POSIX shared memory.
        DevShm = "/dev/shm",
        /// A directory that both can write to, on a volume for example.
        Directory = "a directory",
        /// A network where each can reach an address of the other.
        Network = "a network",
    }
);

column!(
    /// The number of clients that can talk to one server through the objects it has created.
    Clients {
        /// One: the server makes a separate object for each client.
        One = "one each",
        /// All of them at one address.
        Many = "many",
    }
);
