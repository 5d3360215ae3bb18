# %% [markdown]
# # A first look at the demo clinic
#
# An invented clinic: patients, stays, consent histories, opt-out lists. Nobody in it exists. This
# notebook does the whole job from Python, as a marketer, an analyst and the protection officer
# would. It is run by the tests, so what it says is so.

# %%
import os
import tempfile
from pathlib import Path

import segmenter
from segmenter import demo
from segmenter.render import notebook

folder = Path(os.environ.get("SEGMENTER_DEMO") or tempfile.mkdtemp()) / "demo-clinic"
demo.generate(folder, patients=int(os.environ.get("SEGMENTER_DEMO_PATIENTS", "20000")), seed=1)
session = segmenter.open(folder)

# %% [markdown] ## Ingest The declared sources become an encrypted snapshot. Rows that cannot be
# read for certain are set aside, never dropped in silence: read = kept + set aside. Exact row
# counts are for operators and officers; in the demo, that is you.

# %%
ingested = session.ingest()
tables = [{"table": name, **counts} for name, counts in ingested.to_dict()["tables"].items()]
assert all(row["read"] == row["rows"] + row["quarantined"] for row in tables)
notebook.table(tables)

# %% [markdown] ## Plan What would be measured, what it would cost, and how exact each number would
# be, before anything is spent.

# %%
planned = session.plan()
notebook.table(planned.to_dict()["releases"], ["serves", "dimensions", "cells", "epsilon", "predicted_error", "stored"])

# %% [markdown] ## Run Counts over the patients who consented to exactly this purpose, channel and
# topic. The bar is the published number, the line its 95 % interval.

# %%
counted = session.run()
notebook.segments(counted)

# %% [markdown]
# Cells that are too small are withheld: no number, no bar, and nobody in them is written to.

# %%
notebook.cells(counted, "suivi_sejours")

# %% [markdown] Asking again is free: the stored answer comes back, the same to the digit. That is
# on purpose, since fresh noise would average out.

# %%
again = session.run()
assert again.to_dict()["spent"] == 0
assert [s["matched"] for s in again.to_dict()["segments"]] == [s["matched"] for s in counted.to_dict()["segments"]]
notebook.budgets(again)

# %% [markdown] ## Export The file of those who may be written to now: consent, opt-outs,
# preferences and caps are decided again at this moment. It is encrypted to the recipient, named by
# a random alias, and has a signed manifest.

# %%
exported = session.export("depistage_colorectal", channel="email", destination="routeur")
assert Path(exported.to_dict()["file"]).stat().st_size > 0
notebook.funnel(exported)

# %% [markdown] ## Why The protection officer may ask about one person; nobody else may. Every rule
# that spoke, in words, at any two clocks.

# %%
why = session.why("P00000007", segment="depistage_colorectal").to_dict()
print("\n".join(why["sentences"]["en"]) if isinstance(why.get("sentences"), dict) else why)

# %% [markdown]
# ## What is left
# Every spend stays in the ledger, over restarts, whoever asked.

# %%
notebook.table([{"purpose": b["purpose"], **b["epsilon"]} for b in session.budget().to_dict()["budgets"]])
