-- The own country code of plain numbers that are written as of France but lie overseas (S3).
-- Returns: item, kind, normal
-- Reads:   identifier_plain
-- Takes:   $region (the default region of phone numbers)
WITH numbered AS (
    SELECT item, kind, right(clean, 9) AS national
    FROM identifier_plain
    WHERE kind = 'phone' AND $region = 'FR'
),

coded AS (
    SELECT
        item,
        kind,
        national,
        CASE
            WHEN left(national, 3) IN ('262', '263', '268', '269', '639', '692', '693') THEN '+262'
            WHEN left(national, 4) = '7092' THEN '+262'
            WHEN left(national, 3) IN ('590', '690', '691') THEN '+590'
            WHEN left(national, 4) IN ('5987', '7090') THEN '+590'
            WHEN left(national, 3) IN ('594', '694') THEN '+594'
            WHEN left(national, 4) IN ('5988', '7093') THEN '+594'
            WHEN left(national, 3) IN ('596', '696', '697') THEN '+596'
            WHEN left(national, 4) IN ('5989', '7091') THEN '+596'
            WHEN left(national, 3) = '708' THEN '+508'
        END AS code
    FROM numbered
)

SELECT item, kind, code || national AS normal
FROM coded
WHERE code IS NOT NULL
