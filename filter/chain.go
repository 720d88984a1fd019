package filter

import "slices"

// A chain is what happens to a call for which arguments count: the first of the
// rules that holds decides, and otherwise the last word is rest.
type chain struct {
	name   string // of the call, "" if the table does not know it
	nr     uint32
	table  int   // of the compiler's
	weight int64 // how often the filter runs for it, compared with other calls
	rules  []readyRule
	rest   Action
}

// A readyRule is a rule made ready for an architecture. Without tests it always
// holds.
type readyRule struct {
	tests  []test
	action Action
}

// passing is how much more often than not a call is made that is allowed: a
// program that runs under a policy was made for it.
const passing = 64

// write writes the tests, one after the other.
func (c *chain) write(a *assembler) label {
	next := ret(c.rest)
	usual := usual(c.name)
	allowed := c.rest.is(Allow)
	for i := len(c.rules) - 1; i >= 0; i-- {
		rule := &c.rules[i]
		to := ret(rule.action)
		yes, no := way{weight: 1}, way{to: next, weight: 1}
		if rule.action.is(Allow) {
			yes.weight = passing
		} else if allowed {
			no.weight = passing
		}
		for j := len(rule.tests) - 1; j >= 0; j-- {
			t := &rule.tests[j]
			yes.to = to
			to = t.write(a, yes, no, usual.valuesOf(t))
		}
		next, allowed = to, allowed || rule.action.is(Allow)
	}
	return next
}

// simplify makes the rules as few as can be: one test of those of a rule that look
// at the same argument, and one rule of those that do the same and differ in one
// test. Those that change nothing go.
func (c *chain) simplify() {
	rules := c.rules[:0]
	for i := range c.rules {
		if r := &c.rules[i]; r.narrow() && !joinsOneOf(rules, r) {
			rules = append(rules, *r)
		}
	}
	for i := range rules {
		// What holds in any case decides.
		if rules[i].dropAlways(); len(rules[i].tests) == 0 {
			c.rest, rules = rules[i].action, rules[:i]
			break
		}
	}
	for n := len(rules); n > 0 && rules[n-1].action == c.rest; n-- {
		rules = rules[:n-1]
	}
	c.rules = rules
}

// narrow makes one test of those that look at the same argument, and reports
// whether they can hold together.
func (r *readyRule) narrow() bool {
	tests := r.tests[:0]
	for i := range r.tests {
		t, i := r.tests[i], 0
		for i < len(tests) && !t.sameArgument(&tests[i]) {
			i++
		}
		if i == len(tests) {
			tests = append(tests, t)
			continue
		}
		if tests[i].want = intersection(tests[i].want, t.want); len(tests[i].want) == 0 {
			return false
		}
	}
	r.tests = tests
	return true
}

// dropAlways leaves out the tests that hold for everything.
func (r *readyRule) dropAlways() {
	tests := r.tests[:0]
	for i := range r.tests {
		if !r.tests[i].always() {
			tests = append(tests, r.tests[i])
		}
	}
	r.tests = tests
}

// joinsOneOf lets one of the last rules hold for what the rule holds for, too, if
// they do the same and one test makes all the difference. Rules before one that
// does something else decide first, so these stay as they are.
func joinsOneOf(rules []readyRule, r *readyRule) bool {
	for i := len(rules) - 1; i >= 0; i-- {
		old := &rules[i]
		if old.action != r.action {
			return false
		}
		if j := old.onlyDifference(r); j >= 0 {
			old.tests[j].want = union(old.tests[j].want, r.tests[j].want)
			return true
		}
	}
	return false
}

// onlyDifference gives the one test in which the rules differ, and -1 where it
// is more than one or another argument. Equal rules differ in their first.
func (r *readyRule) onlyDifference(s *readyRule) int {
	if len(r.tests) != len(s.tests) || len(r.tests) == 0 {
		return -1
	}
	different := -1
	for i := range r.tests {
		t := &r.tests[i]
		switch {
		case !t.sameArgument(&s.tests[i]):
			return -1
		case slices.Equal(t.want, s.tests[i].want):
		case different >= 0:
			return -1
		default:
			different = i
		}
	}
	return max(different, 0)
}
