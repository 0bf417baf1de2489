package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// browserVariable names the browser where it is not in PATH.
const browserVariable = "CHROME"

// findBrowser is the path of Chromium, or of a browser made of it.
func findBrowser() (string, error) {
	if name := os.Getenv(browserVariable); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", browserVariable, err)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium in PATH: install it (Debian: apt-get install chromium), or set " +
		browserVariable + " to its path")
}

// drawnPage opens a page without a window and returns what its scripts made of it.
// Time in the page is virtual: it passes when nothing is left to do, however slow the
// machine is. The deadline is that of ctx.
func drawnPage(ctx context.Context, browser string, page []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "stsscan-figures-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "figures.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		return nil, err
	}
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--virtual-time-budget=60000", "--dump-dom",
	}
	if os.Geteuid() == 0 {
		// Chromium does not start as root otherwise. The page is ours, and lets no other script run.
		args = append(args, "--no-sandbox")
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	program := exec.CommandContext(ctx, browser, append(args, address.String())...)
	program.WaitDelay = time.Second // its children may hold its output open
	var stdout, stderr bytes.Buffer
	program.Stdout, program.Stderr = &stdout, &stderr
	if err := program.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", browser, context.Cause(ctx))
		}
		lines := bytes.Split(bytes.TrimSpace(stderr.Bytes()), []byte("\n"))
		return nil, fmt.Errorf("%s: %w: %s", browser, err, printable(string(lines[len(lines)-1])))
	}
	return stdout.Bytes(), nil
}

// figuresIn are the charts that web/figures.js wrote into a page, by name.
func figuresIn(dom []byte) map[string][]byte {
	figures := make(map[string][]byte)
	figure := regexp.MustCompile(`<pre id="figure-([a-z0-9_]+)">([A-Za-z0-9+/=]+)</pre>`)
	for _, found := range figure.FindAllSubmatch(dom, -1) {
		svg, err := base64.StdEncoding.DecodeString(string(found[2]))
		if err == nil {
			figures[string(found[1])] = svg
		}
	}
	return figures
}
