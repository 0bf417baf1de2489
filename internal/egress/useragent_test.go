package egress

import "testing"

func TestUserAgent(t *testing.T) {
	for contact, want := range map[string]string{
		"":                            "stsscan/1.2 (no contact given)",
		"a@example.org":               "stsscan/1.2 (+a@example.org)",
		"https://example.org/survey":  "stsscan/1.2 (+https://example.org/survey)",
		"mailto:a@example.org":        "stsscan/1.2 (+mailto:a@example.org)",
		"nobody":                      "refused",
		"https://":                    "refused",
		"a@example.org (me)":          "refused", // it would end the comment
		"a@example.org\r\nHost: evil": "refused",
		"\u00e4@example.org":          "refused",
	} {
		got := UserAgent("1.2", contact)
		if contact != "" && CheckContact(contact) != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", contact, got, want)
		}
	}
}
