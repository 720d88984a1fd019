package curb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gocurb/curb/filter"
)

// GoString gives the policy as a Go expression that makes it, as gofmt writes it
// and as %#v prints it. It needs nothing but an import of this package. A policy
// that has mistakes which an expression cannot have gives one that does not
// compile and says so.
func (p Policy) GoString() string {
	plain, err := p.plain(nil)
	if len(p.errs) > 0 {
		err = p.errs[0]
	}
	if err != nil {
		return "/* no policy: " + strings.ReplaceAll(err.Error(), "*/", "* /") + " */"
	}
	calls := p.startOf(plain)
	rest := plain.Rules
	for len(rest) > 0 {
		n := alike(rest)
		if method := listMethod(rest[0].Action); method != "" && n > 0 {
			calls = append(calls, lists(method, rest[:n])...)
			rest = rest[n:]
			continue
		}
		calls = append(calls, statement(rest[0]))
		rest = rest[1:]
	}
	if plain.Default != allow && plain.Default != Errno(1) {
		calls = append(calls, "Otherwise("+actionSource(plain.Default)+")")
	}
	for _, flag := range []struct {
		set  bool
		call string
	}{
		{p.skipUnknown, "SkipUnknown()"},
		{p.logDenials, "LogDenials()"},
		{p.allowSpeculation, "AllowSpeculation()"},
		{p.bestEffort, "BestEffort()"},
	} {
		if flag.set {
			calls = append(calls, flag.call)
		}
	}
	return "curb." + strings.Join(calls, ".\n\t")
}

// listMethod is the method, and function, that takes names alone, if the action has
// one. With If at its end it is the one that takes conditions.
func listMethod(action Action) string {
	switch action {
	case allow:
		return "Allow"
	case filter.Deny:
		return "Deny"
	}
	return ""
}

// startOf is the function that the expression begins with, where the first
// statement is not it.
func (p Policy) startOf(plain filter.Policy) []string {
	begin := filter.Action(allow)
	if plain.Default == allow {
		begin = filter.Deny
	}
	if n := alike(plain.Rules); n > 0 && plain.Rules[0].Action == begin {
		return nil
	}
	return []string{listMethod(begin) + "()"}
}

// alike counts the first rules that have no conditions and the same action.
func alike(rules []filter.Rule) int {
	n := slices.IndexFunc(rules, func(r filter.Rule) bool {
		return len(r.Conds) > 0 || r.Action != rules[0].Action
	})
	if n < 0 {
		return len(rules)
	}
	return n
}

// lists gives calls of the method with all the names, as many in each as a line
// has room for.
func lists(method string, rules []filter.Rule) []string {
	const width = 96
	var calls []string
	line := ""
	for _, r := range rules {
		name := strconv.Quote(r.Syscall)
		if line != "" && len(line)+len(name) > width {
			calls = append(calls, method+"("+line+")")
			line = ""
		}
		if line != "" {
			line += ", "
		}
		line += name
	}
	return append(calls, method+"("+line+")")
}

func statement(r filter.Rule) string {
	args := []string{strconv.Quote(r.Syscall)}
	method := listMethod(r.Action) + "If"
	if method == "If" {
		method = "On"
		args = append(args, actionSource(r.Action))
	}
	for _, c := range r.Conds {
		args = append(args, conditionSource(c))
	}
	return method + "(" + strings.Join(args, ", ") + ")"
}

// actionSource writes an action other than allow and deny, which are methods.
func actionSource(a Action) string {
	const data = 0xffff
	for _, named := range [...]struct {
		action Action
		name   string
	}{
		{Trap, "Trap"}, {Log, "Log"}, {KillProcess, "KillProcess"}, {KillThread, "KillThread"}, {Notify, "Notify"},
	} {
		if a == named.action {
			return "curb." + named.name
		}
	}
	switch a &^ data {
	case Errno(0):
		name := strings.TrimSuffix(strings.TrimPrefix(a.String(), "errno("), ")")
		if number := strconv.Itoa(int(a & data)); number != name {
			return "curb.Errno(" + number + " /* " + name + " */)"
		}
		return "curb.Errno(" + name + ")"
	case Trace(0):
		return fmt.Sprintf("curb.Trace(%d)", a&data)
	}
	return fmt.Sprintf("curb.Action(%#x)", uint64(a))
}

// comparison is the method of Argument.
func comparison(op filter.Op) string {
	switch op {
	case filter.Equal:
		return "Is"
	case filter.NotEqual:
		return "IsNot"
	case filter.Less:
		return "Below"
	case filter.LessOrEqual:
		return "AtMost"
	case filter.Greater:
		return "Above"
	case filter.GreaterOrEqual:
		return "AtLeast"
	}
	return ""
}

func conditionSource(c filter.Cond) string {
	text := fmt.Sprintf("curb.Arg(%d)", c.Arg)
	if c.Mask != 0 {
		text += ".Masked(" + valueSource(c.Mask) + ")"
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = valueSource(v)
	}
	return text + "." + comparison(c.Op) + "(" + strings.Join(values, ", ") + ")"
}

// valueSource writes an argument's value as the int64 that it is for package curb:
// small numbers as decimal, and flags as hexadecimal.
func valueSource(v uint64) string {
	if s := int64(v); s > -4096 && s < 4096 {
		return strconv.FormatInt(s, 10)
	} else if s < 0 {
		return fmt.Sprintf("-%#x", -uint64(s))
	}
	return fmt.Sprintf("%#x", v)
}
