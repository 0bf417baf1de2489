package main

import (
	"errors"
	"fmt"
	"os"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
)

// checkOutputs refuses paths that cannot be written to.
func (j *scanJob) checkOutputs() error {
	if info, err := os.Stat(j.output); err == nil && !info.IsDir() {
		return fmt.Errorf("--output %s: not a directory", j.output)
	}
	if j.metricsFile == "" {
		return nil
	}
	if err := durable.CheckOutput(j.metricsFile); err != nil {
		return fmt.Errorf("--metrics-file: %w", err)
	}
	return nil
}

// checkLists refuses lists that cannot be read before the run directory is
// made.
func (j *scanJob) checkLists() error {
	stdin := 0
	for _, list := range j.lists {
		if list == "-" {
			if stdin++; stdin > 1 {
				return usage(errors.New("standard input can be read once: - is there twice"))
			}
			continue
		}
		info, err := os.Stat(list)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("open %s: no such file", list)
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("open %s: is a directory", list)
		}
	}
	if j.from != "" {
		return nil
	}
	err := j.prepareConfig(nil).Check()
	if errors.Is(err, domains.ErrOptions) {
		return usage(err)
	}
	return err
}
