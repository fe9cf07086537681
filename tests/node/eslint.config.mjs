// The script of the HTML report: plain, strict, and nothing that makes code or markup of a text.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "script", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "curly": ["error", "multi-line"],
      "eqeqeq": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write", "cssText"].map((property) => ({ property })),
      ],
      "no-script-url": "error",
      "no-shadow": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": "error",
      "no-var": "error",
      "prefer-const": "error",
      "require-unicode-regexp": "error",
      "strict": ["error", "global"],
    },
  },
];
