//! The URL language: what was read is read again as the same from what it prints.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::Target;

fuzz_target!(|target: &str| {
    if let Ok(target) = target.parse::<Target>() {
        let read: Target = target.to_string().parse().expect("what was printed is right");
        assert_eq!(read, target);
        assert_eq!(read.behaviour(), target.behaviour());
    }
});
