//! Who may ask: only pages of this very server, under a name that nobody else can point at it; and who may have
//! something done: those of them that know the token.

use super::http::{Request, Response, Status};
use super::token::Token;

/// The refusal of a request, if it is refused.
pub(super) fn refusal(request: &Request, port: u16) -> Option<Response> {
    let mut hosts = request.header("host");
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        _ => return Some(Response::text(Status::BadRequest, "exactly one Host header is needed")),
    };
    // Another site's name may resolve to this machine, and its pages would then count as ours.
    if !names(port).iter().any(|name| name == host) {
        return Some(Response::text(Status::MisdirectedRequest, "this server answers only to its own address"));
    }
    let foreign_origin = request.header("origin").any(|origin| origin.strip_prefix("http://") != Some(host));
    // A browser says whether another site's page asks. Such a page may lead a reader here, no more.
    let foreign_page = request.header("sec-fetch-site").any(|site| !matches!(site, "same-origin" | "none"));
    let navigates = request.header("sec-fetch-mode").any(|mode| mode == "navigate")
        && request.header("sec-fetch-dest").all(|dest| dest == "document");
    if foreign_origin || (foreign_page && !navigates) {
        return Some(Response::text(Status::Forbidden, "pages of other sites may not ask this server"));
    }
    None
}

/// The refusal of a request that wants something done or something private. What [`refusal`] demands, it has.
pub(super) fn refusal_to_act(request: &Request, token: &Token) -> Option<Response> {
    // Browsers name the origin of every POST, except that an old page's navigation may lack it: that is none of ours.
    if request.method == "POST" && request.header("origin").count() != 1 {
        return Some(Response::text(Status::Forbidden, "a request that changes something names its origin"));
    }
    if request.header("sec-fetch-site").any(|site| site != "same-origin") {
        return Some(Response::text(Status::Forbidden, "only the book's own pages may ask for this"));
    }
    if bearer(request).is_some_and(|bearer| token.fits(bearer)) {
        return None;
    }
    let words = "the token is missing or not this server's: open the address that `cargo xtask serve` printed";
    let mut response = Response::text(Status::Unauthorized, words);
    response.extra.push(("WWW-Authenticate", "Bearer".to_owned()));
    Some(response)
}

pub(super) fn bearer(request: &Request) -> Option<&str> {
    let mut given = request.header("authorization");
    given.next().filter(|_| given.next().is_none())?.strip_prefix("Bearer ")
}

fn names(port: u16) -> Vec<String> {
    let names = ["127.0.0.1", "localhost"];
    let mut all: Vec<_> = names.iter().map(|name| format!("{name}:{port}")).collect();
    if port == 80 {
        all.extend(names.map(str::to_owned)); // browsers leave the usual port out
    }
    all
}
