/* How a request is decided: an explicit Deny first, then the organization, then the policies of role and resource. */
(() => {
    "use strict";
    const { define, node } = Widgets;

    function matches(pattern, text) {
        const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
        return new RegExp(`^${source}$`, "s").test(text);
    }

    /* Actions are compared without regard to case, resources with it. */
    function applies(statement, request) {
        return statement.actions.some((action) => matches(action.toLowerCase(), request.action.toLowerCase()))
            && statement.resources.some((resource) => matches(resource, request.resource));
    }

    /* Each step is a check and the number of the statement that answered it, or null. Where an action needs several
     * permissions, all of them have to be allowed. */
    function decide(input, request) {
        const steps = [];
        const find = (check, effect, place) => {
            const found = input.statements.findIndex((statement) =>
                statement.effect === effect && (place === null || statement.place === place) && applies(statement, request));
            steps.push({ check, statement: found < 0 ? null : found });
            return found >= 0;
        };
        const verdict = () => {
            if (find("deny", "Deny", null)) return "explicit deny";
            const guarded = input.statements.some((statement) => statement.place === "organization");
            if (guarded && !find("organization", "Allow", "organization")) return "implicit deny";
            if (input.same_account) {
                return find("resource", "Allow", "resource") || find("identity", "Allow", "identity") ? "allow" : "implicit deny";
            }
            return find("identity", "Allow", "identity") && find("resource", "Allow", "resource") ? "allow" : "implicit deny";
        };
        const decision = verdict();
        return { decision, steps };
    }

    function formula(input) {
        const requests = input.requests.map((request) => decide(input, request));
        return { decision: requests.find((each) => each.decision !== "allow")?.decision ?? "allow", requests };
    }

    const PHOTO = { action: "s3:GetObject", resource: "arn:aws:s3:::ferris-photos/7.jpg" };
    const allow = (actions, ...resources) => ({ effect: "Allow", actions: [actions].flat(), resources });
    const FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:printer";
    const ROLE = "arn:aws:iam::111122223333:role/printer";
    const CASES = {
        deploy: {
            words: "create a function",
            requests: [{ action: "lambda:CreateFunction", resource: FUNCTION }, { action: "iam:PassRole", resource: ROLE }],
            identity: [allow("lambda:*", `${FUNCTION.slice(0, -7)}*`)],
        },
        passed: {
            words: "create a function, with iam:PassRole",
            requests: [{ action: "lambda:CreateFunction", resource: FUNCTION }, { action: "iam:PassRole", resource: ROLE }],
            identity: [allow("lambda:*", `${FUNCTION.slice(0, -7)}*`), allow("iam:PassRole", ROLE)],
        },
        photo: {
            words: "read a photo",
            requests: [PHOTO],
            identity: [allow("s3:GetObject", "arn:aws:s3:::ferris-photos/*")],
            resource: [allow("s3:GetObject", "arn:aws:s3:::ferris-photos/*")],
        },
        word: {
            words: "read a photo, by a policy that says s3:Get",
            requests: [PHOTO],
            identity: [allow("s3:Get", "arn:aws:s3:::ferris-photos/*")],
            resource: [allow("s3:Get*", "arn:aws:s3:::ferris-photos/*")],
        },
        list: {
            words: "list the photos of a bucket",
            requests: [{ action: "s3:ListBucket", resource: "arn:aws:s3:::ferris-photos" }],
            identity: [allow("s3:*", "arn:aws:s3:::ferris-photos/*")],
            resource: [allow("s3:ListBucket", "arn:aws:s3:::ferris-photos")],
        },
    };
    const PLACES = { identity: "The role's policy", resource: "The resource's policy", organization: "The organization's policy" };

    /* The statements that the boxes switch on. */
    function statements(values) {
        const { identity, resource = [] } = CASES[values.request];
        const put = (place, list, on) => (on ? list.map((statement) => ({ place, ...statement })) : []);
        const guard = [allow("*", "*"), { effect: "Deny", actions: ["s3:*", "iam:*"], resources: ["*"] }];
        return [...put("identity", identity, values.identity), ...put("resource", resource, values.resource), ...put("organization", guard, values.organization)];
    }

    const QUESTIONS = {
        deny: ["Does any statement deny it?", "no"],
        organization: ["Does the organization's policy allow it?", "no: denied, though nobody says Deny"],
        resource: ["Does the resource's policy allow it?", "no"],
        identity: ["Does the role's policy allow it?", "no"],
    };

    function draw(values, { step }) {
        const { requests } = CASES[values.request];
        const input = { same_account: !values.other, requests, statements: statements(values) };
        const result = formula(input);
        const all = result.requests.flatMap((each, index) => each.steps.map((one, at) =>
            ({ ...one, index, last: at === each.steps.length - 1 ? each.decision : null })));
        const steps = all.length;
        const shown = all.slice(0, Math.min(step, steps));
        const now = shown.at(-1);

        const rows = input.statements.map((statement, index) => {
            const hit = now.statement === index && step < steps;
            return node("tr", hit ? { class: "w-hit" } : {}, node("th", { scope: "row" }, `${hit ? "\u25b6 " : ""}${PLACES[statement.place]}`),
                node("td", {}, statement.effect), node("td", {}, statement.actions.join(", "), node("br"), statement.resources.join(", ")));
        });
        const table = node("table", { class: "w-policies" }, node("tbody", {}, rows.length ? rows : node("tr", {}, node("td", {}, "No policy says anything."))));
        const answer = (one) => (one.statement === null ? QUESTIONS[one.check][1] : `yes${one.check === "deny" ? ": it ends here" : ""}`);
        const list = requests.map((request, index) => {
            const mine = shown.filter((one) => one.index === index);
            return mine.length === 0 ? null : [
                node("p", { class: "w-request" }, node("strong", {}, request.action), ` on ${request.resource}`),
                node("ol", { class: "w-steps" }, mine.map((one) => node("li", {},
                    `${QUESTIONS[one.check][0]} `, node("strong", {}, answer(one)),
                    one.last ? node("span", { class: `w-verdict w-${one.last === "allow" ? "yes" : "no"}` }, one.last) : null))),
            ];
        });

        const because = () => {
            const failed = result.requests.findIndex((each) => each.decision !== "allow");
            if (failed < 0) return `Allowed: ${requests.length > 1 ? "both permissions are there" : values.other ? "both accounts say yes" : "one Allow is enough inside an account"}.`;
            const what = requests[failed].action;
            if (result.decision === "explicit deny") return `Denied: a statement says Deny for ${what}, and no Allow outweighs that.`;
            return values.other
                ? `Denied: ${what} crosses accounts, so the role's policy and the resource's have to allow it both.`
                : `Denied: nothing allows ${what}${failed > 0 ? `, and without it ${requests[0].action} fails too` : ""}.`;
        };
        const status = step < steps
            ? `${requests[now.index].action}: ${QUESTIONS[now.check][0]} ${answer(now)[0].toUpperCase()}${answer(now).slice(1)}.`
            : because();
        return { picture: [table, ...list.flat().filter(Boolean)], status, steps };
    }

    define("iam", {
        title: "IAM evaluation, step by step",
        stepwise: true,
        controls: [
            { name: "request", label: "A role wants to", options: Object.entries(CASES).map(([name, each]) => [name, each.words]), value: "deploy" },
            { name: "identity", label: "The role has its policy", type: "checkbox", value: true },
            { name: "resource", label: "The resource has a policy that names the role", type: "checkbox", value: false },
            { name: "organization", label: "The organization denies s3 and iam", type: "checkbox", value: false },
            { name: "other", label: "The resource is in another account", type: "checkbox", value: false },
        ],
        formula,
        draw,
        note: () => "Left out: conditions, permissions boundaries, session policies, resource control policies. KMS keys and role trust policies have to allow even inside one account.",
    });
})();
