// SPDX-License-Identifier: Apache-2.0
import "@patternfly/react-core/dist/styles/base.css";
import "./theme.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { Refusal } from "./api/client";
import { App } from "./app";
import { startTexts } from "./i18n";
import { startTheme } from "./lib/theme";

startTheme();

const kRetries = 2;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // What the appliance refuses it refuses again; only a break of the line is worth another try.
      retry: (failures, error) => failures < kRetries && error instanceof Refusal && error.status === 0,
    },
  },
});

const root = document.getElementById("root");
void startTexts().then(() => {
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <App />
        </BrowserRouter>
      </QueryClientProvider>
    </StrictMode>,
  );
});
