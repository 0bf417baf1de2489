package simnet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

// readTruth takes the lines <domain> key=value ... of a file.
func (t *text) readTruth(f textFile) error {
	for number, line := range f.lines() {
		words := strings.Fields(line)
		domain := plainName(words[0])
		if _, ok := t.truths[domain]; ok {
			return f.errorf(number, "truth: a second line about %s", domain)
		}
		var truth Truth
		for i, word := range words[1:] {
			key, value, ok := strings.Cut(word, "=")
			if !ok || value == "" {
				return f.errorf(number, "truth: not key=value: %q", word)
			}
			if slices.ContainsFunc(words[1:1+i], func(w string) bool { return strings.HasPrefix(w, key+"=") }) {
				return f.errorf(number, "truth: a second %s", key)
			}
			if err := truth.set(key, value); err != nil {
				return f.errorf(number, "truth: %v", err)
			}
		}
		if truth.Reason != "" && !slices.Contains(codes.PolicyReasons(truth.Stage), truth.Reason) {
			return f.errorf(number, "truth: stage %q has no reason %q", truth.Stage, truth.Reason)
		}
		t.truths[domain] = truth
		t.listed = append(t.listed, domain)
	}
	return nil
}

// set takes one key. The reason of a policy is checked with its stage, when the line is complete.
func (truth *Truth) set(key, value string) (err error) {
	switch key {
	case "class":
		truth.Class = value
	case "record":
		truth.Record, err = member(value, codes.Records())
	case "record_reason":
		truth.RecordReason, err = member(value, codes.RecordReasons())
	case "record_id":
		truth.RecordID = value
	case "cnames":
		truth.CNAMEs = strings.Split(value, ",")
	case "error":
		truth.Error, err = member(value, codes.Sentinels())
	case "policy":
		truth.Policy, err = member(value, codes.Policies())
	case "stage":
		truth.Stage, err = member(value, codes.Stages())
	case "reason":
		truth.Reason = codes.PolicyReason(value)
	case "tls_error":
		truth.TLSError, err = member(value, codes.TLSErrors())
	case "status":
		truth.HTTPStatus, err = strconv.Atoi(value)
	case "host_cnames":
		truth.HostCNAMEs = strings.Split(value, ",")
	case "mode":
		truth.Mode, err = member(value, codes.Modes())
	case "max_age":
		truth.MaxAge = new(int64)
		*truth.MaxAge, err = strconv.ParseInt(value, 10, 64)
	case "mx":
		truth.MX = strings.Split(value, ",")
	case "strict":
		truth.Strict = new(bool)
		*truth.Strict, err = strconv.ParseBool(value)
	case "lenient":
		truth.Lenient = new(bool)
		*truth.Lenient, err = strconv.ParseBool(value)
	case "findings":
		for finding := range strings.SplitSeq(value, ",") {
			truth.Findings = append(truth.Findings, codes.Finding(finding))
			if err == nil {
				_, err = member(finding, codes.Findings())
			}
		}
	default:
		var known bool
		if known, err = truth.setMail(key, value); !known {
			return fmt.Errorf("unknown key %q", key)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// member is the word of a closed set that value is.
func member[T ~string](value string, set []T) (T, error) {
	if !slices.Contains(set, T(value)) {
		return "", fmt.Errorf("%q is none of %q", value, set)
	}
	return T(value), nil
}
