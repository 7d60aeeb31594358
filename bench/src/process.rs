//! Finds the process of a server.

use std::fs;

use anyhow::{Context, Result};

/// The process that listens on a port of this machine; only Linux reports it, and only for one's own processes.
pub fn listening_on(port: u16) -> Result<u32> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default()).concat();
    let inode = tables.lines().find_map(|line| listener(line, port));
    let inode = inode.with_context(|| format!("nothing on this machine listens on port {port}"))?;
    let link = format!("socket:[{inode}]");
    let has_it = |process: &u32| {
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
        descriptors.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == &*link))
    };
    let mut processes = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.find(has_it).with_context(|| format!("the process that listens on port {port} belongs to another user"))
}

/// The inode of a socket that listens on the port, from a line of `/proc/net/tcp`.
fn listener(line: &str, port: u16) -> Option<&str> {
    /// `TCP_LISTEN` of the kernel's `include/net/tcp_states.h`.
    const LISTEN: &str = "0A";
    let mut words = line.split_whitespace().skip(1);
    let (_, local_port) = words.next()?.rsplit_once(':')?;
    let state = words.nth(1)?;
    let inode = words.nth(5)?;
    (state == LISTEN && u16::from_str_radix(local_port, 16) == Ok(port)).then_some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_that_listens_is_found_by_its_port() {
        let line =
            "   0: 0100007F:3039 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        assert_eq!(listener(line, 12345), Some("4711"));
        assert_eq!(listener(line, 12346), None);
        assert_eq!(listener(&line.replace(" 0A ", " 01 "), 12345), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_that_listens_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(listening_on(listener.local_addr().unwrap().port()).unwrap(), std::process::id());
    }
}
