// The style of the HTML report: the standard rules, short rules on one line, and no address of anything else.
export default {
  extends: ["stylelint-config-standard"],
  rules: {
    "at-rule-disallowed-list": ["import", "font-face"],
    "declaration-block-single-line-max-declarations": null,
    "function-disallowed-list": ["url", "image-set"],
    "max-nesting-depth": 1,
    "no-descending-specificity": null, // ordered by what stands where on the page
    "property-no-vendor-prefix": [true, { ignoreProperties: ["box-decoration-break", "text-size-adjust"] }], // Safari
    "rule-empty-line-before": null,
    "selector-max-id": 1,
  },
};
