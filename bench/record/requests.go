package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// requests measures how many requests a server answers in a second.
func requests(all []contestant, program string, rounds int) (string, error) {
	perSecond, err := turns(all, rounds, func(c contestant) ([]float64, error) {
		words := c.under(program)
		n, err := serve(exec.Command(words[0], words[1:]...))
		return []float64{n}, err
	})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| watched by | requests a second | of bare |\n| --- | ---: | ---: |\n")
	for i, c := range all {
		n := perSecond[i][0]
		fmt.Fprintf(&b, "| %s | %.0f | %.1f%% |\n", c.name, n, 100*n/perSecond[bare][0])
	}
	return b.String(), nil
}

// serve runs the server, asks it for a while, and has it end.
func serve(cmd *exec.Cmd) (perSecond float64, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines, address := bufio.NewScanner(out), ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "ready ")
	}
	if address == "" {
		return 0, errors.Join(errors.New("the server did not start"), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	perSecond, err = ask("http://" + address)
	end, endErr := http.Get("http://" + address + "/end") // it ends without an answer
	if endErr == nil {
		_ = end.Body.Close()
	}
	return perSecond, errors.Join(err, cmd.Wait())
}

// ask keeps a server busy.
func ask(url string) (perSecond float64, err error) {
	const (
		clients  = 16
		duration = 2 * time.Second
	)
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var (
		answers atomic.Int64
		failed  atomic.Value
		all     sync.WaitGroup
	)
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	start := time.Now()
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				answer, err := client.Get(url)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
				if err != nil {
					failed.Store(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	all.Wait()
	err, _ = failed.Load().(error)
	if err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	return float64(answers.Load()) / time.Since(start).Seconds(), nil
}
