package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A cpp is as much of the C preprocessor as the kernel's constant headers
// need, so that the numbers of every architecture can be read without a cross
// compiler: object-like macros and conditionals. Includes and function-like
// macros are passed over.
type cpp struct {
	macros map[string]string
	conds  []cond // the open conditionals, outermost first
}

type cond struct {
	active bool // this branch is read
	done   bool // some branch was taken already
}

var (
	cComment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cDirective   = regexp.MustCompile(`^#\s*(\w+)\s*(.*)$`)
	cDefine      = regexp.MustCompile(`^(\w+)(\(?)(.*)$`)
	definedSpace = regexp.MustCompile(`\bdefined\s+(\w+)`)
)

// read takes in one header.
func (p *cpp) read(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := p.readString(filepath.Base(path), string(content)); err != nil {
		return err
	}
	if len(p.conds) > 0 {
		return fmt.Errorf("%s: %d conditionals are not closed", path, len(p.conds))
	}
	return nil
}

func (p *cpp) readString(name, content string) error {
	content = strings.ReplaceAll(content, "\\\n", " ")
	// A comment's line ends stay, for the line numbers of errors.
	content = cComment.ReplaceAllStringFunc(content, func(c string) string {
		return " " + strings.Repeat("\n", strings.Count(c, "\n"))
	})
	for i, text := range strings.Split(content, "\n") {
		m := cDirective.FindStringSubmatch(strings.TrimSpace(text))
		if m == nil {
			continue
		}
		if err := p.directive(m[1], strings.TrimSpace(m[2])); err != nil {
			return fmt.Errorf("%s:%d: #%s: %w", name, i+1, m[1], err)
		}
	}
	return nil
}

func (p *cpp) directive(verb, rest string) error {
	switch verb {
	case "ifdef", "ifndef":
		_, defined := p.macros[rest]
		p.open(defined == (verb == "ifdef"))
	case "if":
		v := int64(0)
		if p.reading() {
			var err error
			if v, err = p.eval(rest); err != nil {
				return err
			}
		}
		p.open(v != 0)
	case "elif", "else":
		return p.otherwise(verb, rest)
	case "endif":
		if len(p.conds) == 0 {
			return errors.New("without #if")
		}
		p.conds = p.conds[:len(p.conds)-1]
	case "define":
		if m := cDefine.FindStringSubmatch(rest); m != nil && m[2] == "" && p.reading() {
			p.macros[m[1]] = strings.TrimSpace(m[3])
		}
	case "undef":
		if p.reading() {
			delete(p.macros, rest)
		}
	}
	return nil
}

func (p *cpp) reading() bool {
	for _, c := range p.conds {
		if !c.active {
			return false
		}
	}
	return true
}

// open begins a conditional. In a part that is passed over no branch is taken,
// and what its conditions say does not matter.
func (p *cpp) open(active bool) {
	p.conds = append(p.conds, cond{active, active || !p.reading()})
}

func (p *cpp) otherwise(verb, rest string) error {
	if len(p.conds) == 0 {
		return errors.New("without #if")
	}
	c := &p.conds[len(p.conds)-1]
	c.active = false
	if c.done {
		return nil
	}
	if verb == "elif" {
		v, err := p.eval(rest)
		if err != nil || v == 0 {
			return err
		}
	}
	c.active, c.done = true, true
	return nil
}

// eval computes a constant expression. C's operators on integers are Go's, so
// Go's parser reads it. As in C, a name that is no macro is 0.
func (p *cpp) eval(expr string) (int64, error) { return p.evalDepth(expr, 0) }

func (p *cpp) evalDepth(expr string, depth int) (int64, error) {
	if depth > 20 {
		return 0, fmt.Errorf("%q: macros refer to each other without end", expr)
	}
	e, err := parser.ParseExpr(definedSpace.ReplaceAllString(expr, "defined($1)"))
	if err != nil {
		return 0, fmt.Errorf("%q is not a constant expression", expr)
	}
	return p.evalNode(e, depth)
}

func (p *cpp) evalNode(e ast.Expr, depth int) (int64, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.evalNode(e.X, depth)
	case *ast.BasicLit:
		return strconv.ParseInt(e.Value, 0, 64)
	case *ast.Ident:
		if value, ok := p.macros[e.Name]; ok {
			return p.evalDepth(value, depth+1)
		}
		return 0, nil
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.Ident); ok && f.Name == "defined" && len(e.Args) == 1 {
			if arg, ok := e.Args[0].(*ast.Ident); ok {
				_, defined := p.macros[arg.Name]
				return truth(defined), nil
			}
		}
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			x, err := p.evalNode(e.X, depth)
			return truth(x == 0), err
		}
	case *ast.BinaryExpr:
		x, err := p.evalNode(e.X, depth)
		if err != nil {
			return 0, err
		}
		y, err := p.evalNode(e.Y, depth)
		if err != nil {
			return 0, err
		}
		return operate(e.Op, x, y)
	}
	return 0, fmt.Errorf("an expression of the kind %T is not handled", e)
}

func operate(op token.Token, x, y int64) (int64, error) {
	switch op {
	case token.LAND:
		return truth(x != 0 && y != 0), nil
	case token.LOR:
		return truth(x != 0 || y != 0), nil
	case token.EQL:
		return truth(x == y), nil
	case token.NEQ:
		return truth(x != y), nil
	case token.LSS:
		return truth(x < y), nil
	case token.GTR:
		return truth(x > y), nil
	case token.LEQ:
		return truth(x <= y), nil
	case token.GEQ:
		return truth(x >= y), nil
	case token.ADD:
		return x + y, nil
	case token.OR:
		return x | y, nil
	}
	return 0, fmt.Errorf("operator %s is not handled", op)
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
