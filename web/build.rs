//! Passes the address of a server to the browser tests, if there is one: `ECHO_URL`, such as `ws://127.0.0.1:12345`. And has
//! the linker say what refers to what, for `cargo xtask finalize-dist`.

fn main() {
    println!("cargo::rustc-link-arg-bins=--emit-relocs");
    println!("cargo::rustc-check-cfg=cfg(echo_url)");
    println!("cargo::rerun-if-env-changed=ECHO_URL");
    let url = std::env::var("ECHO_URL").unwrap_or_default();
    if !url.is_empty() {
        println!("cargo::rustc-cfg=echo_url");
    }
    // Set in any case, for tests without a server are built, too.
    println!("cargo::rustc-env=ECHO_URL={url}");
}
