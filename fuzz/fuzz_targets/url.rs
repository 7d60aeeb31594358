//! The URL language: a behaviour that was read is read again as the same from what it prints.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::Behaviour;

fuzz_target!(|target: &str| {
    if let Ok(behaviour) = target.parse::<Behaviour>() {
        assert_eq!(behaviour.to_string().parse::<Behaviour>(), Ok(behaviour));
    }
});
