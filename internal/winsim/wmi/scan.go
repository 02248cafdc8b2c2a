package wmi

import (
	"fmt"
	"strings"
)

type tokenKind int

const (
	wordToken tokenKind = iota + 1
	numberToken
	stringToken // text without its quotes
	symbolToken
)

type token struct {
	kind tokenKind
	text string
}

// scan takes a WQL text apart. Strings stand in single or double quotes, with
// a backslash before a quote or a backslash in them (documented).
func scan(text string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == '\'' || c == '"':
			content, end, err := scanString(text, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{stringToken, content})
			i = end
		case isLetter(c):
			end := endOf(text, i, func(c byte) bool { return isLetter(c) || isDigit(c) })
			tokens = append(tokens, token{wordToken, text[i:end]})
			i = end
		case isDigit(c) || c == '-':
			end := endOf(text, i+1, isDigit)
			tokens = append(tokens, token{numberToken, text[i:end]})
			i = end
		default:
			symbol := text[i : i+1]
			if i+1 < len(text) && strings.Contains("<> <= >= !=", text[i:i+2]) && text[i+1] != ' ' {
				symbol = text[i : i+2]
			}
			if !strings.Contains("* , ( ) = < > <> <= >= !=", symbol) {
				return nil, fmt.Errorf("%w: %q means nothing", errSyntax, symbol)
			}
			tokens = append(tokens, token{symbolToken, symbol})
			i += len(symbol)
		}
	}
	return tokens, nil
}

func scanString(text string, start int) (content string, end int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case text[start]:
			return b.String(), i + 1, nil
		case '\\':
			if i++; i == len(text) {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return "", 0, fmt.Errorf("%w: a string does not end", errSyntax)
}

func endOf(text string, i int, in func(byte) bool) int {
	for i < len(text) && in(text[i]) {
		i++
	}
	return i
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
