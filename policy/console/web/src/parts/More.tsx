// SPDX-License-Identifier: Apache-2.0
import { Alert, Button } from "@patternfly/react-core";
import { useText } from "../i18n";
import { failureText } from "./States";

interface MoreProps {
  query: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    error: unknown;
    fetchNextPage: () => unknown;
  };
  /** In place of “Show more”. */
  words?: string;
}

/** The next page of a list, below its rows. */
export function More({ query, words }: MoreProps) {
  const { t } = useText();
  return (
    <>
      {query.isFetchNextPageError ? (
        <Alert isInline variant="warning" title={failureText(query.error, t)} />
      ) : null}
      {query.hasNextPage ? (
        <Button
          variant="link"
          onClick={() => void query.fetchNextPage()}
          isLoading={query.isFetchingNextPage}
          isDisabled={query.isFetchingNextPage}
        >
          {words ?? t("queue.more")}
        </Button>
      ) : null}
    </>
  );
}
