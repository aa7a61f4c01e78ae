//! What is tried: the twelve variants of the six mechanisms.

use std::process::ExitCode;

use ipc_core::{Mechanism, Result, Setup, demo};

/// One variant of a mechanism.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    pub mechanism: &'static str,
    pub variant: &'static str,
    /// What its meeting point is called, as in the demo's help; none where only a child can join.
    pub address: Option<&'static str>,
    /// The demo's `main`.
    demo: fn() -> ExitCode,
    /// Makes a meeting point and gives it up: what removes the remains of the dead.
    create: fn(&'static str) -> Result<()>,
}

impl Subject {
    /// All of them, in the order of the course.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(of::<ipc_pipe::Pipe>());
        all.extend(of::<ipc_fifo::Fifo>());
        all.extend(of::<ipc_msgq::Msgq>());
        all.extend(of::<ipc_shm::Shm>());
        all.extend(of::<ipc_mmap::Mmap>());
        all.extend(of::<ipc_socket::Socket>());
        all
    }

    /// Its name in the matrix and in the names of tests: the mechanism, and the variant where there are several.
    pub fn name(&self) -> String {
        let Self { mechanism, variant, .. } = self;
        let only = Self::all().iter().filter(|other| other.mechanism == *mechanism).count() == 1;
        if only { (*mechanism).to_owned() } else { format!("{mechanism}-{variant}") }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|subject| subject.name() == name)
    }

    /// Plays the demo of `mechanism` in this process.
    pub fn play(mechanism: &str) -> Option<ExitCode> {
        Self::all().iter().find(|subject| subject.mechanism == mechanism).map(|subject| (subject.demo)())
    }

    pub fn next_create(&self) -> Result<()> {
        (self.create)(self.variant)
    }
}

fn of<M: Mechanism>() -> impl Iterator<Item = Subject> {
    M::PROFILE.variants.iter().map(|variant| Subject {
        mechanism: M::PROFILE.name,
        variant: variant.name,
        address: M::PROFILE.address,
        demo: demo::main::<M>,
        create: |variant| M::create(None, &Setup::default_of::<M>().with_variant::<M>(variant)?).map(drop),
    })
}
