//! Contract 9 for typed addresses: any text in place of an address is answered at once, with a clear error.

use std::time::Duration;

use ipc_core::{Error, Mechanism, Setup};
use libtest_mimic::Trial;
use proptest::prelude::*;

use super::{Bench, fuzz};

/// Joins any text as an address. Where the text could be a port, that port leads nowhere: a test disturbs no other
/// program.
pub(super) fn trial<M: Mechanism + 'static>(bench: Bench<M>) -> Trial {
    bench.trial("fuzz: any text as an address is answered", |_| {
        let number = prop_oneof![
            Just(String::new()),
            any::<i128>().prop_map(|it| it.to_string()),
            "0x[0-9a-fA-F]{0,20}"
        ];
        let path = "/nowhere-[a-z/.]{0,150}";
        let odd = "[/.:%\\[\\]\0\n é]{0,20}";
        let host = ("(127\\.0\\.0\\.1|\\[::1\\]|localhost|\\[|)", ":(0|[6-9][0-9]{5,20}|-1|é|)");
        let text =
            prop_oneof![number, path, odd, "nowhere[ -~]{0,300}", host.prop_map(|(host, port)| host + &port)];
        let setup = Setup::default();
        fuzz(&text, |text| match M::join(&text, &setup, Duration::ZERO) {
            Ok(_) => Err(TestCaseError::fail("a peer was there")),
            Err(error @ (Error::Usage(_) | Error::Refused(_) | Error::TimedOut { .. } | Error::Os(_))) => {
                let shown = error.to_string();
                prop_assert!(!shown.is_empty());
                Ok(())
            }
            Err(error) => Err(TestCaseError::fail(error.to_string())),
        });
        Ok(())
    })
}
