//! Writes the man pages of `canyon` and its completions for shells into a folder, laid out as below `/usr/local`:
//! `cargo run -p server --example manual -- FOLDER`. `cargo xtask dist` runs it.

// The values of the flags are for the program.
#[allow(dead_code)]
#[path = "../src/arguments.rs"]
mod arguments;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

/// Where each shell looks for completions.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "share/bash-completion/completions/canyon"),
    (Shell::Fish, "share/fish/vendor_completions.d/canyon.fish"),
    (Shell::Zsh, "share/zsh/site-functions/_canyon"),
];

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("give the folder to write into")?);
    for (file, text) in documents()? {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}

/// Each file with its text.
fn documents() -> Result<Vec<(String, Vec<u8>)>> {
    let mut command = arguments::Arguments::command().bin_name("canyon").disable_help_subcommand(true);
    command.build();
    let mut documents = Vec::new();
    for page in [&command].into_iter().chain(command.get_subcommands()) {
        let name = page.get_display_name().unwrap_or(page.get_name()).to_owned();
        let mut text = Vec::new();
        Man::new(page.clone()).render(&mut text)?;
        documents.push((format!("share/man/man1/{name}.1"), text));
    }
    for (shell, file) in COMPLETIONS {
        documents.push((file.to_owned(), completion(shell, &mut command)));
    }
    Ok(documents)
}

fn completion(shell: impl Generator, command: &mut Command) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "canyon", &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_names_every_flag_of_its_command() {
        let documents = documents().unwrap();
        let names: Vec<&str> = documents.iter().map(|(file, _)| file.as_str()).collect();
        let completions = COMPLETIONS.map(|(_, file)| file);
        assert_eq!(names, [&["share/man/man1/canyon.1", "share/man/man1/canyon-relay.1"], &completions[..]].concat());
        let mut command = arguments::Arguments::command();
        command.build();
        for (page, flags_of) in [(0, &command), (1, command.find_subcommand("relay").unwrap())] {
            for flag in flags_of.get_arguments().filter_map(clap::Arg::get_long) {
                for number in [page, 2, 3, 4] {
                    let (file, text) = &documents[number];
                    let text = String::from_utf8_lossy(text).replace(r"\-", "-");
                    let named = if file.ends_with(".fish") { format!("-l {flag}") } else { format!("--{flag}") };
                    assert!(text.contains(&named), "{file} does not name {named}");
                }
            }
        }
    }
}
