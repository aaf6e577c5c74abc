//! What the shop expects of the clerk's image. The Dockerfile is built in a model of a builder, and Lambda starts what
//! comes out of it; nothing is downloaded and nothing compiled.

use std::collections::BTreeMap;

use course::{Seed, fixture_json, judged_file};
use deployed::dockerfile::{Content, Context, Image, Started, build, start};

/// The token of the print lab, as `.env` has it. It was in the image once.
const TOKEN: &str = "lab-4711";

/// The folder that is built, with a source that is another one each time.
fn folder(seed: &mut Seed) -> Context {
    let source = format!("fn main() {{ /* {} */ }}\n", seed.name());
    let files = [
        ("Cargo.toml", "[package]\nname = \"print-clerk\"\nedition = \"2024\"\n"),
        ("Cargo.lock", "version = 4\n"),
        ("src/main.rs", &source),
        (".env", "LAB_TOKEN=lab-4711\n"),
        (".git/config", "[core]\n"),
        ("photos/sample.jpg", "a large photo"),
        ("target/release/print-clerk", "a program for a laptop"),
    ];
    let files: BTreeMap<String, String> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    Context { files, platform: "linux/arm64".to_owned() }
}

#[track_caller]
fn image(folder: &Context) -> Image {
    let file = judged_file!("Dockerfile");
    build(file.text(), folder).unwrap_or_else(|error| panic!("the Dockerfile is not built; {error}"))
}

#[track_caller]
fn started(image: &Image) -> Started {
    start(image, "arm64")
        .unwrap_or_else(|error| panic!("the image is built, and Lambda cannot start it on arm64: {error}"))
}

#[test]
fn lambda_starts_the_clerk() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        started(&image(&folder(&mut seed)));
    }
}

#[test]
fn the_clerk_is_the_process_that_lambda_starts() {
    let started = started(&image(&folder(&mut Seed::at_run_time())));
    assert!(
        !started.is_behind_shell,
        "Lambda starts /bin/sh, and that {}: a signal to stop reaches the shell only",
        started.path
    );
}

#[test]
fn the_clerk_is_a_release_of_todays_source() {
    let folder = folder(&mut Seed::at_run_time());
    let program = started(&image(&folder)).program;
    let source = &folder.files["src/main.rs"];
    assert!(
        program.source == *source,
        "the program was made of another src/main.rs than is in the folder\n  expected {source:?}\n  got      {:?}",
        program.source
    );
    assert!(program.is_release, "the program is a debug build, which takes many times as long");
    assert!(
        program.is_locked,
        "the program was not built by the folder's Cargo.lock (it was missing, replaced or passed over), so with whatever \
         versions are newest today"
    );
}

#[test]
fn tomorrow_it_is_built_from_the_same_images() {
    let registry = fixture_json("deploy/print-clerk/registry");
    let image = image(&folder(&mut Seed::at_run_time()));
    for from in image.from.iter().filter(|from| from.reference != "scratch") {
        let reference = &from.reference;
        let tag = reference.split('@').next().unwrap_or_default();
        let digest = from.digest.as_deref().unwrap_or_else(|| {
            panic!("line {}: {reference} is what the registry calls so today, and another image tomorrow", from.line)
        });
        let of = ["docker.io/library/", "docker.io/"].iter().find_map(|prefix| tag.strip_prefix(prefix)).unwrap_or(tag);
        assert!(
            registry[of] == digest,
            "line {}: manifest unknown: the shop's registry has no {tag} with the digest {digest}; the page has its list",
            from.line
        );
    }
}

#[test]
fn the_base_is_kept_for_another_year() {
    let image = image(&folder(&mut Seed::at_run_time()));
    let name = image.base_name();
    if let Some(runtime) = name.strip_prefix("public.ecr.aws/lambda/") {
        let calendar = course::data("runtimes")["calendar"]["value"].clone();
        let runtime = if runtime == "provided" {
            format!("provided.{}", image.base_tag())
        } else {
            format!("{runtime}{}", image.base_tag())
        };
        let deprecated = calendar[&runtime]["deprecated"].as_str().unwrap_or("before there was a calendar");
        assert!(deprecated > "2027-11-30", "the image begins with {runtime}, which is deprecated since {deprecated}");
    }
}

#[test]
fn nothing_else_is_in_the_image() {
    let image = image(&folder(&mut Seed::at_run_time()));
    started(&image);
    let (base, megabytes) = (image.base_name(), image.base_megabytes());
    assert!(
        megabytes <= 200,
        "the image begins with {base}, which alone has about {megabytes} MB: with all that builds a program"
    );
    assert!(
        image.packages.is_empty(),
        "the clerk needs nothing beside itself, and a package manager has put {:?} into the image",
        image.packages
    );
    let from_folder =
        image.layered.iter().filter_map(|(path, file)| Some(format!("{path} ({})", file.from_context.as_ref()?)));
    let from_folder: Vec<String> = from_folder.collect();
    assert!(
        from_folder.is_empty(),
        "layers of the image hold files of the folder, also those that a later layer hides:\n  {}",
        from_folder.join("\n  ")
    );
    let mut programs: Vec<&str> = image
        .layered
        .iter()
        .filter(|(_, file)| matches!(file.content, Content::Program(_)))
        .map(|(path, _)| path.as_str())
        .collect();
    programs.dedup();
    assert!(programs.len() == 1, "one program is needed, and layers of the image hold {programs:?}");
}

#[test]
fn the_token_is_in_no_layer() {
    let file = judged_file!("Dockerfile");
    let image = image(&folder(&mut Seed::at_run_time()));
    let lines = file.text().lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let told: Vec<String> = lines
        .filter(|(_, line)| line.contains(TOKEN))
        .map(|(index, line)| format!("line {}: {line}", index + 1))
        .collect();
    assert!(
        told.is_empty(),
        "the token of the print lab stands in the Dockerfile, and so in the repository:\n  {}",
        told.join("\n  ")
    );
    let tells =
        |name: &&String| ["TOKEN", "SECRET", "PASSWORD"].iter().any(|word| name.to_ascii_uppercase().contains(word));
    for (what, named) in [("variable", image.env.keys().find(tells)), ("argument", image.arguments.iter().find(tells))]
    {
        assert!(
            named.is_none(),
            "the image has the {what} {}: whoever may pull it reads its value there, or in the image's history",
            named.map_or("", String::as_str)
        );
    }
}
