package wmi

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// DialectWQL is the filter dialect of WQL (documented: MS-WSMV 2.2.4.14).
const DialectWQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

// maxConditionDepth bounds parentheses and chains (assumed; WMI's own limits
// are on the number of AND and OR keywords and are not fixed).
const maxConditionDepth = 64

// Query is a parsed WQL SELECT (documented: "WQL (SQL for WMI)"; of it, the
// part over properties of one class: no LIKE, ISA, IS NULL, nor event queries).
type Query struct {
	Columns []string // nil for *
	Class   string
	Where   Condition // nil: all
}

// Condition is a node of a WHERE clause: a comparison, or Left And/Or Right.
type Condition interface {
	matches(*Class, Row) (bool, error)
}

type both struct {
	left, right Condition
	or          bool
}

type comparison struct {
	column, operator string
	literal          token
}

var errSyntax = errors.New("invalid query")

// ParseWQL reads a SELECT.
func ParseWQL(text string) (Query, error) {
	tokens, err := scan(text)
	if err != nil {
		return Query{}, err
	}
	p := &wqlParser{tokens: tokens}
	q := Query{}
	if !p.keyword("select") {
		return q, p.unexpected("SELECT")
	}
	if !p.take("*") {
		for {
			name, ok := p.name()
			if !ok {
				return q, p.unexpected("a column")
			}
			q.Columns = append(q.Columns, name)
			if !p.take(",") {
				break
			}
		}
	}
	if !p.keyword("from") {
		return q, p.unexpected("FROM")
	}
	var ok bool
	if q.Class, ok = p.name(); !ok {
		return q, p.unexpected("a class")
	}
	if p.keyword("where") {
		if q.Where, err = p.condition(0); err != nil {
			return q, err
		}
	}
	if p.at < len(p.tokens) {
		return q, p.unexpected("the end")
	}
	return q, nil
}

type wqlParser struct {
	tokens []token
	at     int
}

// condition reads terms joined by OR; AND binds closer (documented).
func (p *wqlParser) condition(depth int) (Condition, error) {
	return p.chain("or", depth, func() (Condition, error) {
		return p.chain("and", depth, func() (Condition, error) { return p.term(depth) })
	})
}

func (p *wqlParser) chain(word string, depth int, next func() (Condition, error)) (Condition, error) {
	if depth > maxConditionDepth {
		return nil, fmt.Errorf("%w: the conditions nest too deeply", errSyntax)
	}
	left, err := next()
	for count := 0; err == nil && p.keyword(word); count++ {
		if count == maxConditionDepth {
			return nil, fmt.Errorf("%w: too many conditions", errSyntax)
		}
		var right Condition
		right, err = next()
		left = both{left, right, word == "or"}
	}
	return left, err
}

func (p *wqlParser) term(depth int) (Condition, error) {
	if p.take("(") {
		inner, err := p.condition(depth + 1)
		if err == nil && !p.take(")") {
			err = p.unexpected(")")
		}
		return inner, err
	}
	column, ok := p.name()
	if !ok {
		return nil, p.unexpected("a column")
	}
	for _, operator := range []string{"=", "<>", "!=", "<=", ">=", "<", ">"} {
		if !p.take(operator) {
			continue
		}
		if p.at == len(p.tokens) || p.tokens[p.at].kind == symbolToken {
			return nil, p.unexpected("a value")
		}
		literal := p.tokens[p.at]
		p.at++
		return comparison{column, operator, literal}, nil
	}
	return nil, p.unexpected("an operator")
}

func (p *wqlParser) peek() token {
	if p.at == len(p.tokens) {
		return token{}
	}
	return p.tokens[p.at]
}

func (p *wqlParser) take(symbol string) bool {
	if t := p.peek(); t.kind != symbolToken || t.text != symbol {
		return false
	}
	p.at++
	return true
}

func (p *wqlParser) keyword(word string) bool {
	if t := p.peek(); t.kind != wordToken || !strings.EqualFold(t.text, word) {
		return false
	}
	p.at++
	return true
}

var reserved = []string{"select", "from", "where", "and", "or", "true", "false"}

func (p *wqlParser) name() (string, bool) {
	t := p.peek()
	if t.kind != wordToken || slices.Contains(reserved, strings.ToLower(t.text)) {
		return "", false
	}
	p.at++
	return t.text, true
}

func (p *wqlParser) unexpected(wanted string) error {
	if p.at == len(p.tokens) {
		return fmt.Errorf("%w: it ends where %s is expected", errSyntax, wanted)
	}
	return fmt.Errorf("%w: %q stands where %s is expected", errSyntax, p.tokens[p.at].text, wanted)
}

func (c both) matches(class *Class, row Row) (bool, error) {
	left, err := c.left.matches(class, row)
	if err != nil {
		return false, err
	}
	// Both sides are always asked, so that a bad column is found in any row.
	right, err := c.right.matches(class, row)
	if c.or {
		return left || right, err
	}
	return left && right, err
}

// matches compares as WMI does: strings without letter case, null equal to
// nothing (documented); datetimes cannot be compared here.
func (c comparison) matches(class *Class, row Row) (bool, error) {
	at := class.index(c.column)
	if at < 0 {
		return false, fmt.Errorf("%w: %s has no property %s", errSyntax, class.Name, c.column)
	}
	order, null, err := compare(row[at], class.Properties[at].Type, c.literal)
	if err != nil || null {
		return false, err
	}
	switch c.operator {
	case "=":
		return order == 0, nil
	case "<>", "!=":
		return order != 0, nil
	case "<":
		return order < 0, nil
	case ">":
		return order > 0, nil
	case "<=":
		return order <= 0, nil
	default:
		return order >= 0, nil
	}
}

func compare(value any, t PropertyType, literal token) (order int, null bool, err error) {
	mismatch := fmt.Errorf("%w: %q does not fit the property's type", errSyntax, literal.text)
	switch t {
	case Text:
		if literal.kind != stringToken {
			return 0, false, mismatch
		}
		text, ok := value.(string)
		return cmp.Compare(strings.ToLower(text), strings.ToLower(literal.text)), !ok, nil
	case Number:
		want, ok := new(big.Int).SetString(literal.text, 10)
		if !ok || literal.kind == wordToken {
			return 0, false, mismatch
		}
		number, ok := value.(int64)
		return big.NewInt(number).Cmp(want), !ok, nil
	case Bool:
		want := strings.ToLower(literal.text)
		if literal.kind != wordToken || want != "true" && want != "false" {
			return 0, false, mismatch
		}
		is, ok := value.(bool)
		if is == (want == "true") {
			return 0, !ok, nil
		}
		return 1, !ok, nil
	default:
		return 0, false, mismatch
	}
}
