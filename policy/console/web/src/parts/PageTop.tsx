// SPDX-License-Identifier: Apache-2.0
import { Content, PageSection, Title } from "@patternfly/react-core";
import { type ReactNode, useEffect } from "react";

interface PageTopProps {
  title: string;
  says?: string;
  /** To the right of the title. */
  children?: ReactNode;
}

export function PageTop({ title, says, children }: PageTopProps) {
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <PageSection className="page-top">
      <div className="row spread">
        <div>
          <Title headingLevel="h1">{title}</Title>
          {says ? <Content component="p">{says}</Content> : null}
        </div>
        {children ? <div className="row">{children}</div> : null}
      </div>
    </PageSection>
  );
}
