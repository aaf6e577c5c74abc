//! Metric math, as far as alarms of this course go: numbers, ids, `+ - * /`, comparisons, `AND`, `OR`, `IF` and `FILL`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>. What is missing
//! beside something that is there counts as 0; where nothing is there, or a division is by 0, there is no data point.

/// A number, and whether any data point went into it.
#[derive(Debug, Clone, Copy)]
struct Point {
    value: f64,
    is_there: bool,
}

/// An expression, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    text: String,
    tokens: Vec<Token>,
}

impl Expression {
    /// # Errors
    /// With a sign that metric math does not have.
    pub(super) fn of(text: &str) -> Result<Expression, String> {
        Ok(Expression { text: text.to_owned(), tokens: tokens(text)? })
    }

    /// Its data point; `point` knows those of the ids that it names.
    ///
    /// # Errors
    /// With what this reader does not know.
    pub(super) fn evaluate(
        &self,
        point: &mut dyn FnMut(&str) -> Result<Option<f64>, String>,
    ) -> Result<Option<f64>, String> {
        let mut reader = Reader { tokens: &self.tokens, at: 0, text: &self.text, point };
        let result = reader.either()?;
        if reader.at < self.tokens.len() {
            return Err(reader.unknown());
        }
        Ok(Some(result.value).filter(|value| result.is_there && value.is_finite()))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 17] = ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", ",", "[", "]"];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = |is: fn(char) -> bool| rest.find(|letter| !is(letter)).unwrap_or(rest.len());
        if first.is_ascii_digit() {
            let (number, after) = rest.split_at(length(|letter| letter.is_ascii_digit() || letter == '.'));
            tokens.push(Token::Number(number.parse().map_err(|_| format!("{number} is no number"))?));
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let (word, after) = rest.split_at(length(|letter| letter.is_ascii_alphanumeric() || letter == '_'));
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("{first:?} is nothing that metric math knows, in {text}"))?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Reader<'r> {
    tokens: &'r [Token],
    at: usize,
    text: &'r str,
    point: &'r mut dyn FnMut(&str) -> Result<Option<f64>, String>,
}

impl Reader<'_> {
    fn unknown(&self) -> String {
        match self.tokens.get(self.at) {
            Some(token) => format!("{token:?} is not expected there, in {}", self.text),
            None => format!("{} ends too early", self.text),
        }
    }

    /// Goes on if one of these signs or words comes next, and says which.
    fn next_of(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        let found = wanted.iter().find(|wanted| match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => sign == *wanted,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case(wanted),
            _ => false,
        })?;
        self.at += 1;
        Some(found)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        self.next_of(&[sign]).map(|_| ()).ok_or_else(|| self.unknown())
    }

    fn either(&mut self) -> Result<Point, String> {
        let mut left = self.both()?;
        while self.next_of(&["||", "OR"]).is_some() {
            let right = self.both()?;
            left = with(left, right, |one, other| truth(one != 0.0 || other != 0.0));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Point, String> {
        let mut left = self.comparison()?;
        while self.next_of(&["&&", "AND"]).is_some() {
            let right = self.comparison()?;
            left = with(left, right, |one, other| truth(one != 0.0 && other != 0.0));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Point, String> {
        let left = self.sum()?;
        let Some(sign) = self.next_of(&["<=", ">=", "==", "!=", "<", ">"]) else { return Ok(left) };
        let right = self.sum()?;
        Ok(with(left, right, |one, other| {
            truth(match sign {
                "<=" => one <= other,
                ">=" => one >= other,
                "==" => one == other,
                "!=" => one != other,
                "<" => one < other,
                _ => one > other,
            })
        }))
    }

    fn sum(&mut self) -> Result<Point, String> {
        let mut left = self.product()?;
        while let Some(sign) = self.next_of(&["+", "-"]) {
            let right = self.product()?;
            left = with(left, right, |one, other| if sign == "+" { one + other } else { one - other });
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Point, String> {
        let mut left = self.term()?;
        while let Some(sign) = self.next_of(&["*", "/"]) {
            let right = self.term()?;
            left = with(left, right, |one, other| if sign == "*" { one * other } else { one / other });
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Point, String> {
        if self.next_of(&["-"]).is_some() {
            let point = self.term()?;
            return Ok(Point { value: -point.value, ..point });
        }
        if self.next_of(&["("]).is_some() {
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        match self.tokens.get(self.at).cloned() {
            Some(Token::Number(value)) => {
                self.at += 1;
                Ok(Point { value, is_there: false })
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                if self.tokens.get(self.at) == Some(&Token::Sign("(")) { self.call(&word) } else { self.id(&word) }
            }
            _ => Err(self.unknown()),
        }
    }

    fn id(&mut self, id: &str) -> Result<Point, String> {
        let point = (self.point)(id)?;
        Ok(Point { value: point.unwrap_or(0.0), is_there: point.is_some() })
    }

    fn call(&mut self, function: &str) -> Result<Point, String> {
        self.expect("(")?;
        let mut arguments = vec![self.either()?];
        while self.next_of(&[","]).is_some() {
            arguments.push(self.either()?);
        }
        self.expect(")")?;
        match (function, arguments.as_slice()) {
            ("IF", [condition, yes, no]) => {
                let chosen = if condition.value != 0.0 { yes } else { no };
                let is_there = arguments.iter().any(|point| point.is_there);
                // What is not divided is not infinite either.
                Ok(Point { value: chosen.value, is_there })
            }
            ("FILL", [point, filled]) if point.is_there => Ok(Point { value: point.value, ..*filled }.there()),
            ("FILL", [_, filled]) => Ok(filled.there()),
            ("ABS", [point]) => Ok(Point { value: point.value.abs(), ..*point }),
            _ => Err(format!("{function} with {} arguments is more than this reader knows", arguments.len())),
        }
    }
}

impl Point {
    fn there(self) -> Point {
        Point { is_there: true, ..self }
    }
}

fn with(one: Point, other: Point, f: impl Fn(f64, f64) -> f64) -> Point {
    Point { value: f(one.value, other.value), is_there: one.is_there || other.is_there }
}

fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}
