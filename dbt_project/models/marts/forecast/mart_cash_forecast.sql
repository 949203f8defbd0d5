select
    installation.as_of_date,
    forecast.stream,
    cast(forecast.horizon_weeks as integer) as horizon_weeks,
    installation.as_of_date + 7 * (forecast.horizon_weeks - 1) + 1 as week_start_date,
    installation.as_of_date + 7 * forecast.horizon_weeks as week_end_date,
    {{ money('forecast.existing_amount') }} as existing_amount,
    {{ money('forecast.new_business_amount') }} as new_business_amount,
    {{ money('forecast.point_amount') }} as point_amount,
    {{ money('forecast.lower80_amount') }} as lower80_amount,
    {{ money('forecast.upper80_amount') }} as upper80_amount,
    {{ money('forecast.lower90_amount') }} as lower90_amount,
    {{ money('forecast.upper90_amount') }} as upper90_amount,
    forecast.curve_level,
    forecast.calibration_level,
    forecast.calibration_count
from {{ ref('int_cash_backtest') }} as forecast
cross join {{ ref('stg_ops__installation') }} as installation
where forecast.origin_week = 0
