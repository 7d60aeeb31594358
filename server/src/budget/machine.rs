//! How much memory there is: the machine's, or less where a control group or a limit on the process says so. Known on Linux;
//! elsewhere the default is [`MOST`].

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// The largest default, in bytes.
const MOST: u64 = 512 << 20;
/// The smallest default, in bytes: less would be used up by a few large messages.
const LEAST: u64 = 16 << 20;

/// The default of `--max-memory` in bytes: a quarter of what there is, in whole MiB, and at most
/// 512 MiB.
pub(crate) fn default_limit() -> u64 {
    limit_within(Path::new("/"), address_space())
}

fn limit_within(root: &Path, address_space: Option<u64>) -> u64 {
    let sizes = machine(root).into_iter().chain(control_groups(root)).chain(address_space);
    let quarter = sizes.min().map_or(MOST, |size| size / 4);
    (quarter.clamp(LEAST, MOST) >> 20) << 20
}

/// The machine's memory.
fn machine(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The limits of this process's control groups and of those above them
/// ([version 2](https://docs.kernel.org/admin-guide/cgroup-v2.html),
/// [version 1](https://docs.kernel.org/admin-guide/cgroup-v1/memory.html)).
fn control_groups(root: &Path) -> Vec<u64> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mounted = root.join("sys/fs/cgroup");
    text.lines().filter_map(|line| limit_of_group(line, &mounted)).collect()
}

/// The smallest limit that a line `4:memory:/path` of `/proc/self/cgroup` leads to; version 2 has `0::/path`.
fn limit_of_group(line: &str, mounted: &Path) -> Option<u64> {
    let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
    let (mount, file) = match controllers {
        "" => (mounted.to_owned(), "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => (mounted.join("memory"), "memory.limit_in_bytes"),
        _ => return None,
    };
    // In a container the path may be that of the host, which is not there; then its root counts. A path with `..` lies
    // outside.
    let path: PathBuf = Path::new(path).components().filter(|part| matches!(part, Component::Normal(_))).collect();
    let groups = path.ancestors().map(|group| mount.join(group).join(file));
    groups.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok()).min()
}

/// The limit on the process's address space, if it has one.
#[cfg(unix)]
fn address_space() -> Option<u64> {
    let (soft, _) = rlimit::getrlimit(rlimit::Resource::AS).ok()?;
    (soft != rlimit::INFINITY).then_some(soft)
}

#[cfg(not(unix))]
fn address_space() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A directory that looks like the root of a system with these files.
    struct System(PathBuf);

    impl System {
        fn with(name: &str, files: &[(&str, &str)]) -> Self {
            let root = std::env::temp_dir().join(format!("canyon-{}-{name}", std::process::id()));
            for (file, text) in files {
                let file = root.join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for System {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const LARGE: (&str, &str) = ("proc/meminfo", "MemTotal:       24683412 kB\nMemFree: 1 kB\n");

    #[test]
    fn a_large_machine_gives_512_mib_and_a_small_one_a_quarter() {
        assert_eq!(limit_within(&System::with("large", &[LARGE]).0, None), 512 * MIB);
        let small = System::with("small", &[("proc/meminfo", "MemTotal:  1048576 kB\n")]);
        assert_eq!(limit_within(&small.0, None), 256 * MIB);
        assert_eq!(limit_within(&small.0, Some(400 * MIB)), 100 * MIB);
        assert_eq!(limit_within(Path::new("/nowhere/at/all"), None), 512 * MIB);
    }

    #[test]
    fn the_smallest_limit_above_a_control_group_counts() {
        let system = System::with(
            "v2",
            &[
                LARGE,
                ("proc/self/cgroup", "0::/shop/front\n"),
                ("sys/fs/cgroup/shop/front/memory.max", "max\n"),
                ("sys/fs/cgroup/shop/memory.max", "419430400\n"),
            ],
        );
        assert_eq!(limit_within(&system.0, None), 100 * MIB);
    }

    #[test]
    fn a_control_group_of_version_1_counts_as_well() {
        let system = System::with(
            "v1",
            &[
                LARGE,
                ("proc/self/cgroup", "9:cpu:/else\n4:hugetlb,memory:/a/b\n0::/\n"),
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
                ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "838860800\n"),
            ],
        );
        assert_eq!(limit_within(&system.0, None), 200 * MIB);
    }

    #[test]
    fn a_group_that_a_container_does_not_see_is_that_of_its_root() {
        let system = System::with(
            "container",
            &[LARGE, ("proc/self/cgroup", "0::/../../docker/1234\n"), ("sys/fs/cgroup/memory.max", "209715200\n")],
        );
        assert_eq!(limit_within(&system.0, None), 50 * MIB);
    }

    #[test]
    fn the_default_is_never_too_small_for_a_few_messages() {
        assert_eq!(limit_within(Path::new("/nowhere/at/all"), Some(MIB)), LEAST);
    }
}
