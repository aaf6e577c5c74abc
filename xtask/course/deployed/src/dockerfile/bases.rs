//! Images that a stage may begin with: those that Rust functions are built with.

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// Without tag and digest.
    pub name: String,
    pub tag: String,
    pub digest: Option<String>,
    pub libc: Libc,
    /// Whether there is a shell, and with it `cp` and its like.
    pub has_shell: bool,
    /// Commands beside those.
    pub tools: Vec<&'static str>,
    pub is_lambda: bool,
    /// Unpacked, roughly.
    pub megabytes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Libc {
    /// `(2, 34)`
    Glibc(u32, u32),
    Musl,
    None,
}

/// The image that a reference names.
pub(super) fn find(reference: &str) -> Result<Base, String> {
    let (tagged, digest) = match reference.split_once('@') {
        Some((tagged, digest)) => (tagged, Some(digest.to_owned())),
        None => (reference, None),
    };
    if let Some(digest) = &digest {
        let is_one = digest.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
        });
        if !is_one {
            return Err(format!("{digest} is no digest: sha256: and 64 hexadecimal digits"));
        }
    }
    let last = tagged.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match tagged[last..].split_once(':') {
        Some((end, tag)) => (format!("{}{end}", &tagged[..last]), tag),
        None => (tagged.to_owned(), if digest.is_some() { "" } else { "latest" }),
    };
    let short = ["docker.io/library/", "public.ecr.aws/docker/library/", "docker.io/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name)
        .to_owned();
    let debian = |tag: &str| match tag {
        tag if tag.contains("bullseye") => Libc::Glibc(2, 31),
        tag if tag.contains("bookworm") => Libc::Glibc(2, 36),
        _ => Libc::Glibc(2, 41),
    };
    let base = |libc, has_shell, tools: &[&'static str], is_lambda, megabytes| Base {
        name: name.clone(),
        tag: tag.to_owned(),
        digest: digest.clone(),
        libc,
        has_shell,
        tools: tools.to_vec(),
        is_lambda,
        megabytes,
    };
    Ok(match (short.as_str(), tag) {
        ("scratch", _) if digest.is_none() => base(Libc::None, false, &[], false, 0),
        ("rust", tag) if tag.contains("alpine") => {
            base(Libc::Musl, true, &["cargo", "rustup", "rustc", "apk", "adduser", "addgroup"], false, 900)
        }
        ("rust", tag) => base(
            debian(tag),
            true,
            &["cargo", "rustup", "rustc", "apt-get", "useradd", "groupadd", "adduser", "strip"],
            false,
            1500,
        ),
        ("public.ecr.aws/lambda/provided", "al2023" | "al2023-arm64" | "al2023-x86_64") => {
            base(Libc::Glibc(2, 34), true, &["microdnf", "dnf"], true, 110)
        }
        ("public.ecr.aws/lambda/provided", "al2" | "al2-arm64" | "al2-x86_64") => {
            base(Libc::Glibc(2, 26), true, &["yum", "useradd", "groupadd"], true, 280)
        }
        ("public.ecr.aws/lambda/provided", "latest" | "alami") => base(Libc::Glibc(2, 17), true, &["yum"], true, 600),
        (name, _) if name.starts_with("public.ecr.aws/lambda/") && !name.ends_with("/provided") => {
            base(Libc::Glibc(2, 34), true, &["microdnf", "dnf"], true, 500)
        }
        ("public.ecr.aws/amazonlinux/amazonlinux" | "amazonlinux", tag) if tag.starts_with("2023") => {
            base(Libc::Glibc(2, 34), true, &["dnf"], false, 150)
        }
        ("ghcr.io/cargo-lambda/cargo-lambda", _) => {
            base(debian(""), true, &["cargo", "cargo-lambda", "rustup", "rustc", "apt-get", "strip"], false, 2500)
        }
        (name, _) if name.starts_with("gcr.io/distroless/static") => base(Libc::None, false, &[], false, 3),
        (name, _) if name.starts_with("gcr.io/distroless/cc-debian12") => {
            base(Libc::Glibc(2, 36), false, &[], false, 30)
        }
        (name, _) if name.starts_with("gcr.io/distroless/cc-debian13") => {
            base(Libc::Glibc(2, 41), false, &[], false, 30)
        }
        ("debian", tag) => base(debian(tag), true, &["apt-get", "useradd", "groupadd", "adduser"], false, 120),
        ("alpine", _) => base(Libc::Musl, true, &["apk", "adduser", "addgroup"], false, 8),
        _ => return Err(format!("the image {reference} is not known to this check; the page lists those that are")),
    })
}
