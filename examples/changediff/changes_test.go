package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestMentionsFindsIssueNumbers(t *testing.T) {
	for _, test := range []struct {
		text string
		want string // the issues in order, separated by blanks
	}{
		{"", ""},
		{"no number here, bsc# alone is none, nor is CVE-2019", ""},
		{"bnc#1 bsc#2 fate#3 U#4 CVE-2019-12345", "bnc#1 bsc#2 CVE-2019-12345 fate#3 U#4"},
		{"(bsc#12),[bnc#34];bsc#56:", "bnc#34 bsc#12 bsc#56"},
		{"bsc#7, bsc#7\nbsc#7", "bsc#7"},
		{"bsc#7 bsc#07", "bsc#07 bsc#7"},
		{"bsc#12 is not bsc#123", "bsc#12 bsc#123"},
		{"xbsc#1 _bsc#2 bsc#3x EU#4 bsc #5", ""},
		{"BSC#1 Fate#2 u#3 cve-2019-12345", ""},
		{"CVE-2019-123 CVE-19-1234 CVE-2019-0001", "CVE-2019-0001"},
		{"schön: bsc#1, “U#2”, \xff bsc#3", "bsc#1 bsc#3 U#2"},
		{strings.Repeat("x", 1<<20) + " bsc#1", "bsc#1"},
	} {
		issues := slices.SortedFunc(maps.Keys(mentions(test.text)), compareIssues)
		var names []string
		for _, i := range issues {
			names = append(names, i.String())
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%.60q mentions %q, want %q", test.text, got, test.want)
		}
	}
}

func TestIssuesSortByKindYearAndValue(t *testing.T) {
	want := []string{
		"bnc#2", "bnc#10",
		"bsc#1", "bsc#009", "bsc#09", "bsc#9", "bsc#99", "bsc#1000000",
		"bsc#18446744073709551615", "bsc#18446744073709551616", "bsc#118446744073709551616",
		"CVE-1999-99999", "CVE-2019-0004", "CVE-2019-9999", "CVE-2019-10000", "CVE-2020-0001",
		"fate#3",
		"U#1", "U#20",
	}
	var got []string
	for _, m := range missing(strings.Join(want, " "), "") {
		got = append(got, m.issue.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("sorted:\n%q\nwant:\n%q", got, want)
	}
}

func TestMissing(t *testing.T) {
	for _, test := range []struct {
		name, source, target string
		want                 []string
	}{
		{"both empty", "", "", nil},
		{"source empty", "", "bsc#1", nil},
		{"target empty", "bsc#1", "", []string{"1: bsc#1 -> bsc#1"}},
		{"same", "bsc#1\nU#2\n", "U#2 and bsc#1", nil},
		{"prefix of another number", "bsc#1", "bsc#12 bnc#1 bsc#01", []string{"1: bsc#1 -> bsc#1"}},
		{"first mention", "-\n- fix (bsc#1)\n- again (bsc#1)\n", "", []string{"2: bsc#1 -> - fix (bsc#1)"}},
		{"two on a line", "bsc#2, bsc#1", "", []string{"1: bsc#1 -> bsc#2, bsc#1", "1: bsc#2 -> bsc#2, bsc#1"}},
		{"white space around", "\t  * bsc#1  \r\n", "", []string{"1: bsc#1 -> * bsc#1"}},
		{"empty lines count", "\n\n\nbsc#1", "", []string{"4: bsc#1 -> bsc#1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, m := range missing(test.source, test.target) {
				got = append(got, m.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
