package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A node is a value in a JSON document, with the way to it for error messages:
// "syscalls[3].args[0].op".
type node struct {
	path string
	raw  json.RawMessage
}

func (n node) errorf(format string, args ...any) error {
	if n.path == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("%s: %w", n.path, fmt.Errorf(format, args...))
}

// null says whether the value is missing, or null, which Go's encoders write for
// an empty list.
func (n node) null() bool { return len(n.raw) == 0 || string(n.raw) == "null" }

// document takes a file apart, which holds one value and nothing after it.
func document(data []byte) (node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var n node
	if err := dec.Decode(&n.raw); err != nil {
		return n, syntax(data, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("line %d: there is something after the end of the value", 1+bytes.Count(data[:dec.InputOffset()], []byte("\n")))
	}
	return n, nil
}

func syntax(data []byte, err error) error {
	var at *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON is cut off")
	case errors.As(err, &at):
		line := 1 + bytes.Count(data[:min(at.Offset, int64(len(data)))], []byte("\n"))
		return fmt.Errorf("line %d: not JSON: %w", line, err)
	}
	return err
}

// object gives the fields of an object, which must be among those named.
func (n node) object(fields ...string) (map[string]node, error) {
	if n.null() || n.raw[0] != '{' {
		return nil, n.errorf("it must be an object, not %s", n.brief())
	}
	dec := json.NewDecoder(bytes.NewReader(n.raw))
	if _, err := dec.Token(); err != nil {
		return nil, n.errorf("%w", err)
	}
	found := make(map[string]node)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, n.errorf("%w", err)
		}
		name := key.(string) // what else would be a syntax error
		field := node{path: strings.TrimPrefix(n.path+"."+name, ".")}
		if err := dec.Decode(&field.raw); err != nil {
			return nil, field.errorf("%w", err)
		}
		switch _, twice := found[name]; {
		case !slices.Contains(fields, name):
			return nil, field.errorf("there is no such field: they are %s", strings.Join(fields, ", "))
		case twice:
			return nil, field.errorf("it is there twice")
		}
		found[name] = field
	}
	for _, name := range fields {
		if _, there := found[name]; !there {
			found[name] = node{path: strings.TrimPrefix(n.path+"."+name, ".")}
		}
	}
	return found, nil
}

// list gives the elements of an array, none if it is missing.
func (n node) list() ([]node, error) {
	if n.null() {
		return nil, nil
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(n.raw, &raws); err != nil {
		return nil, n.errorf("it must be a list, not %s", n.brief())
	}
	nodes := make([]node, len(raws))
	for i, raw := range raws {
		nodes[i] = node{fmt.Sprintf("%s[%d]", n.path, i), raw}
	}
	return nodes, nil
}

// text gives a string, "" if it is missing.
func (n node) text() (s string, err error) {
	if n.null() {
		return "", nil
	}
	if err := json.Unmarshal(n.raw, &s); err != nil {
		return "", n.errorf("it must be a string, not %s", n.brief())
	}
	return s, nil
}

// texts gives a list of strings.
func (n node) texts() ([]string, error) {
	nodes, err := n.list()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range nodes {
		s, err := e.text()
		if err != nil {
			return nil, err
		}
		if s == "" {
			return nil, e.errorf("it must not be empty")
		}
		all = append(all, s)
	}
	return all, nil
}

// number gives a number from 0 to limit, and whether it is there.
func (n node) number(limit uint64) (v uint64, there bool, err error) {
	if n.null() {
		return 0, false, nil
	}
	if err := json.Unmarshal(n.raw, &v); err != nil || v > limit {
		return 0, true, n.errorf("it must be a whole number from 0 to %d, not %s", limit, n.brief())
	}
	return v, true, nil
}

// brief shows a value in a message.
func (n node) brief() string {
	const most = 40
	switch {
	case len(n.raw) == 0:
		return "missing"
	case len(n.raw) > most:
		return string(n.raw[:most]) + "…"
	}
	return string(n.raw)
}

// choice looks a name up.
func choice[V any](n node, what string, among map[string]V) (v V, err error) {
	name, err := n.text()
	if err != nil {
		return v, err
	}
	v, ok := among[name]
	if !ok {
		return v, n.errorf("%q is no %s: they are %s", name, what, strings.Join(slices.Sorted(maps.Keys(among)), ", "))
	}
	return v, nil
}
