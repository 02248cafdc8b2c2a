package wmi

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DialectWQL is the filter dialect of WQL (documented: MS-WSMV 2.2.4.14).
const DialectWQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

// maxTokens bounds a query (assumed: WMI's own limits are on the number of AND and OR, and vary).
const maxTokens = 1000

var (
	errNoClass = errors.New("the class does not exist")
	errInvalid = errors.New("the query is invalid")
)

// query is a WQL SELECT over the properties of one class (documented: "WQL (SQL for WMI)"; of it without LIKE, ISA,
// IS NULL, NOT and event queries).
type query struct {
	class   *Class
	columns []bool    // by property; nil for *
	keep    condition // nil for every instance
}

type condition func(Row) bool

type wqlParser struct {
	tokens []token
	class  *Class
}

// parseWQL reads a query about one of the classes.
func parseWQL(text string, classes []*Class) (q query, err error) {
	tokens, err := scan(text)
	if err != nil {
		return q, err
	}
	p := &wqlParser{tokens: tokens}
	if !p.take("select") {
		return q, p.unexpected("SELECT")
	}
	var columns []string
	for more := !p.take("*"); more; more = p.take(",") {
		columns = append(columns, p.name())
	}
	if !p.take("from") || slices.Contains(columns, "") {
		return q, p.unexpected("FROM or a column")
	}
	name := p.name()
	at := slices.IndexFunc(classes, func(c *Class) bool { return strings.EqualFold(c.Name, name) })
	where := p.take("where")
	switch {
	case name == "" || !where && len(p.tokens) > 0:
		return q, p.unexpected("a class, WHERE or the end")
	case at < 0:
		return q, errNoClass
	}
	p.class = classes[at]
	q = query{class: p.class}
	if q.columns, err = p.class.columns(columns); err != nil || !where {
		return q, err
	}
	if q.keep, err = p.condition(); err == nil && len(p.tokens) > 0 {
		err = p.unexpected("the end")
	}
	return q, err
}

// condition reads terms joined by OR; AND binds closer (documented).
func (p *wqlParser) condition() (condition, error) {
	return p.chain("or", func() (condition, error) { return p.chain("and", p.term) })
}

func (p *wqlParser) chain(word string, next func() (condition, error)) (condition, error) {
	first, err := next()
	terms := []condition{first}
	for err == nil && p.take(word) {
		var term condition
		term, err = next()
		terms = append(terms, term)
	}
	// OR looks for a term that holds, AND for one that does not.
	return func(r Row) bool {
		return slices.ContainsFunc(terms, func(holds condition) bool { return holds(r) == (word == "or") }) == (word == "or")
	}, err
}

func (p *wqlParser) term() (condition, error) {
	if p.take("(") {
		inner, err := p.condition()
		if err == nil && !p.take(")") {
			err = p.unexpected(")")
		}
		return inner, err
	}
	at := p.class.index(p.name())
	if at < 0 {
		return nil, p.unexpected("an operator after a property of " + p.class.Name)
	}
	operator, literal := p.next(), p.next()
	holds, ok := operators[operator.text]
	order := comparer(p.class.Properties[at].Type, literal)
	if !ok || operator.kind != symbolToken || order == nil {
		return nil, fmt.Errorf("%w: %s is compared with %q, which does not fit", errInvalid, p.class.Properties[at].Name, literal.text)
	}
	return func(r Row) bool { return r[at] != nil && holds(order(r[at])) }, nil // documented: null equals nothing
}

var operators = map[string]func(order int) bool{
	"=": func(o int) bool { return o == 0 }, "<>": func(o int) bool { return o != 0 }, "!=": func(o int) bool { return o != 0 },
	"<": func(o int) bool { return o < 0 }, "<=": func(o int) bool { return o <= 0 },
	">": func(o int) bool { return o > 0 }, ">=": func(o int) bool { return o >= 0 },
}

// comparer compares a value with a literal as WMI does: strings without letter case (documented). It is nil where the
// literal does not fit the type.
func comparer(t PropertyType, literal token) func(any) int {
	number, err := strconv.ParseInt(literal.text, 10, 64)
	is := strings.EqualFold(literal.text, "true")
	switch {
	case t == Text && literal.kind == stringToken:
		want := strings.ToLower(literal.text)
		return func(v any) int {
			text, _ := v.(string)
			return cmp.Compare(strings.ToLower(text), want)
		}
	case t == Number && err == nil:
		return func(v any) int {
			n, _ := v.(int64)
			return cmp.Compare(n, number)
		}
	case t == Bool && literal.kind == wordToken && (is || strings.EqualFold(literal.text, "false")):
		return func(v any) int {
			if v == is {
				return 0
			}
			return 1
		}
	default:
		return nil
	}
}

// next takes one token; after the last one it gives empty ones.
func (p *wqlParser) next() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// take takes the word or symbol if it comes next.
func (p *wqlParser) take(text string) bool {
	if len(p.tokens) == 0 || p.tokens[0].kind == stringToken || !strings.EqualFold(p.tokens[0].text, text) {
		return false
	}
	p.next()
	return true
}

var reserved = []string{"select", "from", "where", "and", "or", "true", "false"}

// name takes a name; "" where none comes next.
func (p *wqlParser) name() string {
	if len(p.tokens) == 0 || p.tokens[0].kind != wordToken || slices.Contains(reserved, strings.ToLower(p.tokens[0].text)) {
		return ""
	}
	return p.next().text
}

func (p *wqlParser) unexpected(wanted string) error {
	return fmt.Errorf("%w: %q stands where %s is expected", errInvalid, p.next().text, wanted)
}

type token struct {
	kind tokenKind
	text string // of a string, what stands between its quotes
}

type tokenKind int

const (
	wordToken tokenKind = iota + 1
	numberToken
	stringToken
	otherStringToken
	symbolToken
)

// A token's kind is the number of its group. In a string a backslash stands before a quote or a backslash (documented).
var (
	tokenPattern = regexp.MustCompile(`(?s)^\s*(?:([A-Za-z_]\w*)|(-?[0-9]+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(<>|!=|<=|>=|[*,()=<>]))`)
	escaped      = regexp.MustCompile(`(?s)\\(.)`)
)

func scan(text string) (tokens []token, err error) {
	for text = strings.TrimSpace(text); text != ""; {
		found := tokenPattern.FindStringSubmatchIndex(text)
		if found == nil || len(tokens) == maxTokens {
			return nil, fmt.Errorf("%w from here on: %.20q", errInvalid, text)
		}
		for kind := wordToken; kind <= symbolToken; kind++ {
			start, end := found[2*kind], found[2*kind+1]
			switch {
			case start < 0:
			case kind == stringToken || kind == otherStringToken:
				tokens = append(tokens, token{stringToken, escaped.ReplaceAllString(text[start:end], "$1")})
			default:
				tokens = append(tokens, token{kind, text[start:end]})
			}
		}
		text = text[found[1]:]
	}
	return tokens, nil
}
