package usage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Version is that of the JSON form that this package writes. It changes when a
// field is added that a reader must not overlook; a usage of a newer one is
// refused.
const Version = 2

// maxUsage bounds the JSON of one usage, in bytes. That of the go command, which
// can make 110 different calls, has 2 MB.
const maxUsage = 256 << 20

// A Decoder reads usages from a stream, one after the other, and holds one at a
// time.
type Decoder struct {
	json *json.Decoder
	in   *limited
	most int // bytes of one usage
	read int // usages
}

// NewDecoder returns a Decoder that reads from r.
func NewDecoder(r io.Reader) *Decoder {
	in := &limited{r: r}
	return &Decoder{json: json.NewDecoder(in), in: in, most: maxUsage}
}

// Decode returns the next usage, sorted. At the end of the stream the error is
// io.EOF; a stream without any usage is an error. What is not a usage, or none
// that this package knows how to read, is refused: an overlooked field could be
// one that a policy rests on.
func (d *Decoder) Decode() (*Usage, error) {
	d.in.left, d.in.most = d.most, d.most
	var text json.RawMessage
	err := d.json.Decode(&text)
	if err == io.EOF && d.read > 0 {
		return nil, io.EOF
	}
	var u *Usage
	if err == nil {
		u, err = parse(text)
	}
	if err != nil {
		return nil, explain(err, d.read)
	}
	d.read++
	return u, nil
}

// parse reads one usage.
func parse(text []byte) (*Usage, error) {
	if text[0] != '{' {
		return nil, errNoUsage
	}
	u := new(Usage)
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(u); err != nil {
		var head struct{ Version int }
		if json.Unmarshal(text, &head) == nil && head.Version > Version {
			return nil, newer(head.Version)
		}
		return nil, err
	}
	if u.Version > Version {
		return nil, newer(u.Version)
	}
	if err := u.check(); err != nil {
		return nil, err
	}
	u.Version = Version
	u.Sort()
	return u, nil
}

var errNoUsage = errors.New(`it holds no usage, as "curb scan --json" and "curb record -o" write them`)

func newer(version int) error {
	return fmt.Errorf("it is of version %d, and this curb reads usages up to version %d: use a newer curb", version, Version)
}

// explain says for a reader of files what the JSON decoder says for a programmer.
func explain(err error, before int) error {
	var syntax *json.SyntaxError
	switch {
	case err == io.EOF:
		err = fmt.Errorf("it is empty: %w", errNoUsage)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("it ends in the middle of a usage: it was cut off, or is still being written")
	case errors.As(err, &syntax) && before == 0:
		err = fmt.Errorf("%w (it is not JSON: %v, byte %d)", errNoUsage, err, syntax.Offset)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		err = fmt.Errorf("%w: %s", errNoUsage, strings.TrimPrefix(err.Error(), "json: "))
	}
	if before > 0 {
		err = fmt.Errorf("after usage %d: %w", before, err)
	}
	return err
}

// A limited reader gives up after so many bytes.
type limited struct {
	r          io.Reader
	left, most int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("one usage has more than %d MiB", l.most>>20)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
