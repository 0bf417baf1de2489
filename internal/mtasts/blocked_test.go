package mtasts

import (
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// A page of a filter differs from the host's own. A mark changes nothing where the host says that there is no
// policy, or serves one.
func TestBlocked(t *testing.T) {
	const challenge = "<title>Just a moment...</title><script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate\">"
	const htmlType = "Content-Type: text/html"
	for name, tt := range map[string]struct {
		status int
		page   string
		header []string
		want   codes.PolicyReason
	}{
		"plain 403":                      {403, "<h1>Forbidden</h1>", []string{htmlType, "Server: cloudflare"}, codes.ReasonForbidden},
		"plain 403 without a page":       {403, "", nil, codes.ReasonForbidden},
		"access denied by the host":      {403, "Access Denied", nil, codes.ReasonForbidden},
		"plain 503":                      {503, "<h1>Service Unavailable</h1>", []string{"Retry-After: 60"}, codes.ReasonServerError},
		"challenge, 403":                 {403, challenge, []string{htmlType}, codes.ReasonBlocked},
		"challenge, 503":                 {503, challenge, []string{htmlType}, codes.ReasonBlocked},
		"challenge in the header":        {403, "", []string{"CF-Mitigated: challenge"}, codes.ReasonBlocked},
		"challenge with 202":             {202, "", []string{"X-Amzn-Waf-Action: challenge"}, codes.ReasonBlocked},
		"captcha with 405":               {405, "", []string{"X-Amzn-Waf-Action: captcha"}, codes.ReasonBlocked},
		"upper case":                     {403, "<H1>SUCURI WEBSITE FIREWALL - ACCESS DENIED</H1>", nil, codes.ReasonBlocked},
		"Imperva":                        {403, "Request unsuccessful. Incapsula incident ID: 1-2", nil, codes.ReasonBlocked},
		"Akamai":                         {403, "Access Denied https://errors.edgesuite.net/18.1", nil, codes.ReasonBlocked},
		"F5":                             {403, "The requested URL was rejected. Please consult with your administrator.", nil, codes.ReasonBlocked},
		"a mark within the limit":        {403, strings.Repeat("x", 16000) + "px-captcha", nil, codes.ReasonBlocked},
		"a mark beyond the limit":        {403, strings.Repeat("x", maxErrorPage) + "px-captcha", nil, codes.ReasonForbidden},
		"Cloudflare's code, 403":         {403, "error code: 1010", []string{plainText}, codes.ReasonBlocked},
		"its code and a line end":        {403, "error code: 1020\r\n", []string{plainText}, codes.ReasonBlocked},
		"its code of a banned network":   {403, "error code: 1005", []string{plainText}, codes.ReasonBlocked},
		"its code, rate limited":         {429, "error code: 1015", []string{plainText}, codes.ReasonBlocked},
		"challenge, 429":                 {429, challenge, []string{htmlType}, codes.ReasonBlocked},
		"plain 429":                      {429, "slow down", []string{plainText, "Server: cloudflare"}, codes.ReasonClientError},
		"its code of a fault":            {403, "error code: 1014", []string{plainText}, codes.ReasonForbidden}, // an alias across accounts
		"its code, longer":               {403, "error code: 10101", []string{plainText}, codes.ReasonForbidden},
		"its code within a page":         {403, "We log error code: 1010 for you.", []string{plainText}, codes.ReasonForbidden},
		"its code, another status":       {503, "error code: 1015", []string{plainText}, codes.ReasonServerError},
		"its code, not found":            {404, "error code: 1010", []string{plainText}, codes.ReasonNotFound},
		"its code, 200":                  {200, "error code: 1010", []string{plainText}, codes.ReasonExtensionInvalid},
		"its code within a policy":       {200, goodText() + "note: error code: 1010\r\n", []string{plainText}, ""},
		"not found, with a mark":         {404, challenge, []string{"CF-Mitigated: challenge"}, codes.ReasonNotFound},
		"another status, with the page":  {500, challenge, nil, codes.ReasonServerError},
		"a policy, with a field of it":   {200, goodText(), []string{plainText, "CF-Mitigated: none"}, ""},
		"a redirect with a mark in text": {302, challenge, []string{"Location: /"}, codes.ReasonRedirect},
	} {
		f, err := FetchPolicy(t.Context(), &trip{resp: response(tt.status, tt.page, tt.header...)}, "example.com")
		if f.Reason != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: %s, %v; want %s", name, f.Reason, err, tt.want)
		}
		if f.Body != nil && tt.status != 200 {
			t.Errorf("%s: the page is kept as if it were a policy", name)
		}
	}
}
