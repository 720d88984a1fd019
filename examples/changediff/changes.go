package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An issue is one number in one tracker, as it is written: bsc#7 and bsc#07
// are two.
type issue struct {
	kind   string // "bnc", "bsc", "CVE", "fate" or "U"
	year   string // four digits, of a CVE only
	number string // decimal digits, of any length
}

// String returns the issue as changelogs write it.
func (i issue) String() string {
	if i.kind == "CVE" {
		return "CVE-" + i.year + "-" + i.number
	}
	return i.kind + "#" + i.number
}

// compareIssues orders issues by kind (alphabetically, letter case aside), then
// year, then value.
func compareIssues(a, b issue) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(a.kind), strings.ToLower(b.kind)),
		strings.Compare(a.year, b.year),
		compareNumbers(a.number, b.number),
	)
}

// compareNumbers orders strings of digits by value, and those of equal value
// as text. The digits stay text because no integer type holds all of them.
func compareNumbers(a, b string) int {
	x, y := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(
		cmp.Compare(len(x), len(y)),
		strings.Compare(x, y),
		strings.Compare(a, b),
	)
}

// A mention is the place where a changelog names an issue for the first time.
type mention struct {
	issue issue
	line  int    // counted from 1
	text  string // of the line, without the white space around it
}

// String returns the mention as one line of the program's output.
func (m mention) String() string {
	return fmt.Sprintf("%d: %s -> %s", m.line, m.issue, m.text)
}

// A CVE's number has four digits at least, with leading zeros if need be.
var issuePattern = regexp.MustCompile(`\b(?:(bnc|bsc|fate|U)#(\d+)|CVE-(\d{4})-(\d{4,}))\b`)

// mentions finds every issue in a changelog.
func mentions(changelog string) map[issue]mention {
	found := make(map[issue]mention)
	line := 0
	for text := range strings.Lines(changelog) {
		line++
		for _, match := range issuePattern.FindAllStringSubmatch(text, -1) {
			i := issue{kind: match[1], number: match[2]}
			if i.kind == "" {
				i = issue{kind: "CVE", year: match[3], number: match[4]}
			}
			if _, again := found[i]; !again {
				found[i] = mention{i, line, strings.TrimSpace(text)}
			}
		}
	}
	return found
}

// missing returns the first mentions in source of the issues that target does
// not mention, sorted by issue.
func missing(source, target string) []mention {
	found := mentions(source)
	for i := range mentions(target) {
		delete(found, i)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b mention) int {
		return compareIssues(a.issue, b.issue)
	})
}
